//! Responses of other servers as a web function's own.

use functions_bytes::outgoing::is_framing;
use functions_guest_web::{IntoResponse, WebError, WebResponse};

use crate::{Error, Response};

/// Passes on the status, the headers without those of the connection, and the body, which does not
/// enter the function.
///
/// Headers that the server sent twice are passed on twice, in order, also where HTTP allows only one:
/// which of the two counts is for the client to say.
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
        let mut headers = response.headers;
        headers.retain(|name, _| !is_framing(name) || is_length(name));
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

    /// A server's doubled header is the client's to judge, until the author sets it.
    #[test]
    fn doubled_single_headers_are_passed_on() {
        let upstream = || {
            let mut response = Response::new(200);
            for (name, value) in [("age", "1"), ("x-frame-options", "DENY"), ("age", "2")] {
                response.headers.append(name, value);
            }
            response.headers.append("X-Frame-Options", "SAMEORIGIN");
            response
        };
        let all = |response: &WebResponse, name: &str| {
            let all = response.headers();
            all.filter(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
                .collect::<Vec<_>>()
        };
        let mut answer = Response::new(200).header("location", "/");
        answer.headers.append("location", "/b");
        let kept = [
            upstream().into_response(),
            WebResponse::new().append_headers(upstream().headers),
            WebResponse::new().append_headers(Some(upstream().headers)),
            // Those of the response before give way, as always.
            WebResponse::new()
                .header("age", "9")
                .append_headers(answer.headers)
                .append_headers(upstream().headers),
            http::Response::<functions_bytes::Data>::try_from(upstream())
                .unwrap()
                .into_response(),
        ];
        for response in kept {
            assert_eq!(all(&response, "age"), ["1", "2"]);
            assert_eq!(all(&response, "x-frame-options"), ["DENY", "SAMEORIGIN"]);
            let response = response.header("x-frame-options", "DENY");
            assert_eq!(all(&response, "x-frame-options"), ["DENY"]);
            let response = response.append_headers([("age", "3"), ("age", "4")]);
            assert_eq!(all(&response, "age"), ["4"]);
        }
    }

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
