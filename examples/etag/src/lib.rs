//! Adds an `etag` to the responses of another function, here `stream-csv`.
//!
//! A client that sends the tag back gets 304 instead of the bytes. The cache is the client's, and this
//! function stores nothing.
//!
//! ```sh
//! functions serve etag.wasm stream-csv.wasm --private stream-csv &
//! curl 'http://127.0.0.1:8080/etag?rows=1000' --etag-save tag > table.csv
//! curl -i 'http://127.0.0.1:8080/etag?rows=1000' --etag-compare tag    # 304
//! ```
#![forbid(unsafe_code)]

use functions_binding::{Call, Response};
use functions_guest_web::{Data, WebEnvironment, WebResponse, WebResult, invoke};
use sha2::{Digest as _, Sha256};

/// The function whose responses get a tag.
const ORIGIN: &str = "stream-csv";

invoke!(etag);
fn etag(env: WebEnvironment, payload: Data) -> WebResult<WebResponse> {
    let (method, path) = (env.method().as_str(), env.path());
    let query = env.query().map(|query| format!("?{query}"));
    let mut answer = Call::new(ORIGIN, method, path.to_owned() + &query.unwrap_or_default())
        .with_headers(env.headers().iter_bytes())
        .with_body(payload)
        .wait()?;
    if method != "GET" || answer.status != 200 {
        return Ok(answer.into());
    }
    let headers = std::mem::take(&mut answer.headers);
    // The tag is a hash of the whole body, so the body has to be read even if it is not sent.
    let body = answer.into_bytes()?;
    let tag = tag(&body);
    let mut known = env.headers().get_all("if-none-match");
    if known.any(|known| has(known, &tag)) {
        return Ok(WebResponse::new().with_status(304).header("etag", tag));
    }
    let mut answer = Response::new(200).header("etag", tag).with_body(body);
    for (name, value) in headers {
        answer = answer.header(name, value);
    }
    Ok(answer.into())
}

/// The first half of a SHA-256, in quotes.
fn tag(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let half = digest.iter().take(16);
    let digits: String = half.map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
}

/// Whether `if-none-match` matches the tag: `*`, or a list, weak tags included (RFC 9110, section
/// 13.1.2).
fn has(header: &str, tag: &str) -> bool {
    let mut known = header.split(',').map(str::trim);
    known.any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use functions_binding::testing::{Functions, respond_with};
    use functions_guest_web::testing::TestRequest;

    use super::*;

    fn origin() -> Functions {
        respond_with(|call| {
            assert_eq!((call.target(), call.path()), ("stream-csv", "/?rows=2"));
            let status = if call.method() == "DELETE" { 405 } else { 200 };
            let answer = Response::new(status).header("content-type", "text/csv");
            Ok(answer.with_body("1,1\n2,4\n"))
        })
    }

    /// A client with the current tag gets 304, and every other client gets the bytes.
    #[test]
    fn sends_what_is_new() {
        let _origin = origin();
        let first = TestRequest::get("/?rows=2").call(etag);
        assert_eq!((first.status(), first.text()), (200, "1,1\n2,4\n"));
        assert_eq!(first.header("content-type"), Some("text/csv"));
        let tag = first.header("etag").unwrap();
        for (known, status) in [
            (tag.to_owned(), 304),
            (format!("\"other\", W/{tag}"), 304),
            ("*".to_owned(), 304),
            ("\"other\"".to_owned(), 200),
        ] {
            let request = TestRequest::get("/?rows=2").header("if-none-match", known);
            let again = request.call(etag);
            assert_eq!((again.status(), again.header("etag")), (status, Some(tag)));
            assert_eq!(again.text().is_empty(), status == 304);
        }
    }

    /// A response to another method, or with another status, is passed on unchanged.
    #[test]
    fn passes_the_rest() {
        let _origin = origin();
        let response = TestRequest::delete("/?rows=2").call(etag);
        assert_eq!((response.status(), response.header("etag")), (405, None));
        assert_eq!(
            TestRequest::post("/?rows=2").call(etag).header("etag"),
            None
        );
    }
}
