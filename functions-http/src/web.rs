//! Responses of other servers as a web function's own.

use functions_guest_web::{IntoResponse, WebResponse};

use crate::Response;

/// As it is: its status, its headers less those that concern one connection only, and its body,
/// which does not enter the function.
///
/// ```
/// use functions_guest_web::WebResponse;
/// use functions_http::Response;
///
/// let upstream = Response::new(404).header("x-one", "1").with_body("none");
/// let response = WebResponse::from(upstream).header("x-two", "2");
/// assert_eq!((response.status(), response.headers().count()), (404, 2));
/// ```
impl From<Response> for WebResponse {
    fn from(response: Response) -> Self {
        let headers: Vec<_> = response
            .headers
            .into_iter()
            .filter(|(name, _)| !is_framing(name))
            .collect();
        response
            .body
            .into_response()
            .with_status(response.status)
            .append_headers(headers)
    }
}

impl IntoResponse for Response {
    fn into_response(self) -> WebResponse {
        self.into()
    }
}

/// What is between two ends of a connection, and nobody else's. The host leaves it out as well.
fn is_framing(name: &str) -> bool {
    [
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
    .iter()
    .any(|framing| name.eq_ignore_ascii_case(framing))
}

#[cfg(test)]
mod tests {
    use functions_guest_web::testing::TestRequest;

    use super::*;

    /// Repeated headers stay, in order; framing does not.
    #[test]
    fn keeps_the_headers() {
        let answer = TestRequest::get("/").call(|| {
            Response::new(201)
                .header("set-cookie", "a")
                .header("Connection", "close")
                .header("set-cookie", "b")
                .with_body("body")
        });
        assert_eq!((answer.status(), answer.text()), (201, "body"));
        assert_eq!(
            answer.header_all("set-cookie").collect::<Vec<_>>(),
            ["a", "b"]
        );
        assert_eq!(answer.header("connection"), None);
    }
}
