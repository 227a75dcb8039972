//! A proxy: sends the request's body to the server in the query parameter `url`, and returns the
//! response. No byte of either body is copied into the function.
//!
//! ```sh
//! curl 'http://127.0.0.1:8080/NAME?url=https://example.com/echo' -d hello
//! ```

use functions_guest_web::{Data, Rejection, WebEnvironment, WebResponse, WebResult, invoke};
use functions_http::{Request as HttpRequest, invoke as http_invoke};
use http::StatusCode;

invoke!(proxy);
fn proxy(env: WebEnvironment, payload: Data) -> WebResult<WebResponse> {
    let parameters = env.query_parameters();
    let Some(url) = parameters.get("url") else {
        return Err(Rejection::new(StatusCode::BAD_REQUEST, "the query has no `url`").into());
    };
    let upstream = http_invoke(HttpRequest::new(url, env.method().as_str()).with_body(payload))?;
    Ok(upstream.into())
}

#[cfg(test)]
mod tests {
    use functions_guest_web::testing::TestRequest;
    use functions_http::testing::respond_with;
    use functions_http::{Error, Response};

    use super::*;

    /// The server gets method and body, and the client gets the server's response.
    #[test]
    fn passes_on() {
        let _server = respond_with(|request| {
            assert_eq!((request.method(), request.url()), ("POST", "https://a/b"));
            let body = request.into_body().into_bytes().unwrap();
            let response = Response::new(201).header("x", "1").header("x", "2");
            Ok(response.with_body(body.to_ascii_uppercase()))
        });
        let request = TestRequest::post("/?url=https%3A%2F%2Fa%2Fb").body("hello");
        let response = request.call(proxy);
        assert_eq!((response.status(), response.text()), (201, "HELLO"));
        assert_eq!(response.header_all("x").collect::<Vec<_>>(), ["1", "2"]);
    }

    /// The status of an error says whether the client or the server caused it.
    #[test]
    fn failures_have_their_status() {
        assert_eq!(TestRequest::get("/").call(proxy).status(), 400);
        let _server = respond_with(|_| Err(Error::Timeout));
        assert_eq!(TestRequest::get("/?url=http://a").call(proxy).status(), 504);
    }
}
