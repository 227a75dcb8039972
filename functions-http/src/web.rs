//! Responses of other servers as a web function's own.

use functions_bytes::outgoing::is_framing;
use functions_guest_web::{IntoResponse, WebError, WebResponse};

use crate::{Error, Response};

/// Passes on the status, the headers without those of the connection, and the body, which does not
/// enter the function.
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
            .filter(|(name, _)| !is_framing(name) || is_length(name))
            .collect();
        response
            .body
            .into_response()
            .with_status(response.status)
            .append_headers(headers)
    }
}

/// The host measures bodies itself. Of a response to HEAD it has nothing but this to go by.
fn is_length(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-length")
}

impl IntoResponse for Response {
    fn into_response(self) -> WebResponse {
        self.into()
    }
}

/// As of a handler that fails with it: what [`WebError`] makes of it.
impl IntoResponse for Error {
    fn into_response(self) -> WebResponse {
        WebError::from(self).into_response()
    }
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
