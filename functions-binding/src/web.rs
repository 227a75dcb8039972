//! Responses of other functions as a web function's own.

use functions_bytes::Data;
use functions_bytes::outgoing::is_framing;
use functions_guest_web::{IntoResponse, WebError, WebResponse};

use crate::{BindingError, FunctionInvokeResponse, Response};

/// Passes on the status, the headers without those of the connection, and the body, which does not
/// enter the function.
///
/// ```
/// use functions_binding::Response;
/// use functions_guest_web::WebResponse;
///
/// let inner = Response::new(404).header("x-one", "1").with_body("none");
/// let response = WebResponse::from(inner).header("x-two", "2");
/// assert_eq!((response.status(), response.headers().count()), (404, 2));
/// ```
impl From<Response> for WebResponse {
    fn from(response: Response) -> Self {
        let mut headers = response.headers;
        headers.retain(|name, _| !is_framing(name));
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

/// As of a handler that fails with it: what [`WebError`] makes of it.
impl IntoResponse for BindingError {
    fn into_response(self) -> WebResponse {
        WebError::from(self).into_response()
    }
}

/// Passes on the status, the headers without those of the connection, and the body.
impl From<FunctionInvokeResponse> for WebResponse {
    fn from(response: FunctionInvokeResponse) -> Self {
        Self::from(Response {
            status: response.status,
            headers: response.headers.into_iter().collect(),
            body: Data::from(response.body),
        })
    }
}

impl IntoResponse for FunctionInvokeResponse {
    fn into_response(self) -> WebResponse {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use functions_guest_web::testing::TestRequest;

    use super::*;

    /// Framing of the call's own response does not become a header of the answer.
    #[test]
    fn framing_is_left_out() {
        let inner = Response::new(201).header("Connection", "close");
        let answer = TestRequest::get("/").call(|| inner);
        assert_eq!((answer.status(), answer.header("connection")), (201, None));
    }

    /// What the function answered twice is passed on twice.
    #[test]
    fn doubled_single_headers_are_passed_on() {
        let mut inner = Response::new(200);
        inner.headers.append("age", "1");
        inner.headers.append("age", "2");
        let answer = TestRequest::get("/").call(|| inner);
        assert_eq!(answer.header_all("age").collect::<Vec<_>>(), ["1", "2"]);
    }

    /// A plain response is answered as it is, too.
    #[test]
    fn plain_responses() {
        let answer = TestRequest::get("/").call(|| FunctionInvokeResponse {
            status: 202,
            headers: [("x".into(), "1".into())].into(),
            body: b"body".to_vec(),
        });
        assert_eq!((answer.status(), answer.text()), (202, "body"));
        assert_eq!(answer.header("x"), Some("1"));
        assert_eq!(answer.header("content-type"), None);
    }
}
