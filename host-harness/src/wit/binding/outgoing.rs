//! Validates an outgoing call.

use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Uri};

use super::Error;
use crate::message::body::Body;
use crate::message::cookies::join_cookies;
use crate::message::headers::{HeaderLimit, InvalidHeader, allowed};
use crate::wit::bindings::functions::binding::invoker::Request;

/// Checks the target and head of a call. The body only sets the length.
pub(super) fn checked(request: Request, body: Option<&Body>) -> Result<(String, Parts), Error> {
    let method = Method::from_bytes(request.method.as_bytes())
        .ok()
        .filter(|method| method != Method::CONNECT)
        .ok_or(Error::InvalidMethod(request.method))?;
    let uri = uri(request.path)?;
    let mut headers =
        allowed(request.headers, HeaderLimit::MAX).map_err(|invalid| match invalid {
            InvalidHeader::Name(name) | InvalidHeader::Value(name) => Error::InvalidHeader(name),
            InvalidHeader::TooMany(_) => Error::Other(invalid.to_string()),
        })?;
    join_cookies(&mut headers);
    if let Some(length) = body.and_then(Body::len) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = method;
    parts.uri = uri;
    parts.headers = headers;
    Ok((request.target, parts))
}

fn uri(path: String) -> Result<Uri, Error> {
    // The parser also accepts invalid paths: it drops a fragment, and lets bytes pass that a URL
    // escapes.
    if !path
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'#')
    {
        return Err(Error::InvalidPath(path));
    }
    let parsed = if path.starts_with('/') {
        PathAndQuery::try_from(path.as_str())
    } else {
        PathAndQuery::try_from(format!("/{path}"))
    };
    parsed
        .map(Uri::from)
        .map_err(|_invalid| Error::InvalidPath(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, path: &str) -> Request {
        Request {
            target: "f".into(),
            method: method.into(),
            path: path.into(),
            headers: Vec::new(),
            body: None,
            timeout_milliseconds: None,
        }
    }

    /// A path gets a leading slash if it has none, and keeps its query as it is.
    #[test]
    fn paths_keep_their_query() {
        for (given, path, query) in [
            ("/a/b", "/a/b", None),
            ("a", "/a", None),
            ("", "/", None),
            ("/", "/", None),
            ("//a", "//a", None),
            ("?a=1&a=2", "/", Some("a=1&a=2")),
            ("/a?b?c", "/a", Some("b?c")),
            ("/%2F%20?", "/%2F%20", Some("")),
            ("http://x/y", "/http://x/y", None),
            ("*", "/*", None),
        ] {
            let (_, parts) = checked(request("GET", given), None).unwrap();
            assert_eq!(
                (parts.uri.path(), parts.uri.query()),
                (path, query),
                "{given}"
            );
        }
    }

    /// Each invalid part of a request has an error of its own kind.
    #[test]
    fn invalid_requests_are_typed() {
        for method in ["", "A B", "CONNECT", "G\u{e9}T"] {
            let refused = checked(request(method, "/"), None);
            assert!(matches!(refused, Err(Error::InvalidMethod(of)) if of == method));
        }
        for path in [
            "/a b",
            "/a#b",
            "/\r\n",
            "/\u{e9}",
            "/\0",
            "/<",
            &"x".repeat(70_000),
        ] {
            let refused = checked(request("GET", path), None);
            assert!(
                matches!(refused, Err(Error::InvalidPath(of)) if of == path),
                "{path}"
            );
        }
        for (name, value) in [("a b", "x"), ("x", "a\r\nb: c")] {
            let mut request = request("GET", "/");
            request.headers = vec![(name.into(), value.into())];
            let refused = checked(request, None);
            assert!(matches!(refused, Err(Error::InvalidHeader(of)) if of == name));
        }
    }

    /// The length is the body's, whatever the function declares; without a body there is none.
    #[test]
    fn length_is_that_of_the_body() {
        for (body, length) in [
            (None, None),
            (Some(Body::empty()), Some("0")),
            (Some(Body::from("abc")), Some("3")),
        ] {
            let mut request = request("POST", "/");
            request.headers = vec![("Content-Length".into(), "7".into())];
            let (_, parts) = checked(request, body.as_ref()).unwrap();
            let found = parts.headers.get(CONTENT_LENGTH);
            assert_eq!(found.map(|value| value.to_str().unwrap()), length);
        }
    }
}
