//! An endpoint as a web function.

use functions_bytes::Data;
use functions_guest_web::handler::Service;
use functions_guest_web::{IntoResponse as _, WebError, WebResponse};

use super::Endpoint;
use super::run::MAX_REQUEST;

impl Service for Endpoint {
    fn answer(self, request: http::Request<Data>) -> WebResponse {
        let answered = || {
            let (head, body) = request.into_parts();
            let body = body.into_bytes_up_to(MAX_REQUEST as u64)?;
            let response = self.handle(&http::Request::from_parts(head, body));
            let (head, body) = response.into_parts();
            WebResponse::new()
                .with_status(head.status)
                .append_headers(head.headers)
                .with_body(body)
        };
        answered().unwrap_or_else(|error: WebError| error.into_response())
    }
}
