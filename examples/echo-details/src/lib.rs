//! Answers with data about its request, and with headers that the request asks for.
//!
//! ```sh
//! curl -i 'http://127.0.0.1:8080/echo-details/some/path' -d '{"headers_to_send_back":{"x-hello":"there"}}'
//! ```
#![forbid(unsafe_code)]

use functions_bytes::encoding::Json;
use functions_guest_web::{WebEnvironment, WebResponse, WebResult, invoke};
use serde::Deserialize;

#[derive(Deserialize)]
struct Request {
    headers_to_send_back: std::collections::HashMap<String, String>,
}

invoke!(echo_details);
fn echo_details(Json(request): Json<Request>) -> WebResult<WebResponse> {
    let env = WebEnvironment::load();
    let headers = env.headers();
    let path = env.http_path();
    let invocation_id = env.invocation_id();
    let your_token_metadata = env.token_metadata().as_deref().unwrap_or("");

    // Do not echo secrets.
    let to_echo = headers
        .iter()
        .filter(|(k, _)| *k != "authorization")
        .map(|(k, v)| format!("'{k}'='{v}'"))
        .collect::<Vec<_>>()
        .join(", ");

    WebResponse::new()
        .with_status(200)
        .with_headers(request.headers_to_send_back.into_iter().collect())
        .with_body(format!(
            "invocation: {invocation_id}, user: {your_token_metadata}, path: {path}, headers: {to_echo}"
        ))
}

#[cfg(test)]
mod tests {
    use functions_guest_web::testing::TestRequest;

    use super::*;

    /// The response has all details except the secret, and the headers that were asked for.
    #[test]
    fn secrets_stay() {
        let response = TestRequest::post("/some/path")
            .header("X-One", "1")
            .header("Authorization", "secret")
            .token_metadata("ada")
            .invocation_id("7")
            .body(r#"{"headers_to_send_back":{"x-hello":"there"}}"#)
            .call(echo_details);
        assert_eq!(
            response.text(),
            "invocation: 7, user: ada, path: /some/path, \
             headers: 'host'='localhost', 'x-one'='1', 'content-length'='44'"
        );
        assert_eq!(response.header("x-hello"), Some("there"));
    }

    /// An invalid header is an error, not a missing header.
    #[test]
    fn invalid_headers_fail() {
        let body = r#"{"headers_to_send_back":{"x hello":"there"}}"#;
        let response = TestRequest::post("/").body(body).call(echo_details);
        assert_eq!(response.status(), 500);
    }
}
