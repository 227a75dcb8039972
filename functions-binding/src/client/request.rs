use functions_bytes::outgoing::is_framing;
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};

use super::upload::Upload;
use crate::{BindingError, Call, Headers};

/// The request that a call is over HTTP: the function `target` is below `base`.
pub(super) fn request(
    base: &str,
    target: &str,
    call: Call,
) -> Result<Request<Upload>, BindingError> {
    if !is_name(target) {
        return Err(BindingError::NotFound(target.to_owned()));
    }
    let method = Method::from_bytes(call.method.as_bytes())
        .ok()
        .filter(|method| method != Method::CONNECT)
        .ok_or(BindingError::InvalidMethod(call.method))?;
    // As the host does it: the parser would leave out a fragment in silence, and let bytes pass that a
    // URL has escaped.
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
    if !call.path.bytes().all(is_plain) || PathAndQuery::try_from(&call.path).is_err() {
        return Err(BindingError::InvalidPath(call.path));
    }
    let uri = Uri::try_from(format!("{base}/{target}{}", call.path))
        .ok()
        .filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")))
        .filter(|uri| uri.authority().is_some())
        .ok_or_else(|| {
            BindingError::Unreachable(format!("invalid URL {base:?}: expected http or https"))
        })?;
    let mut request = Request::new(Upload::from(call.body.unwrap_or_default()));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    let headers = call.headers.into_iter();
    // The two ends of the connection agree on their own.
    let own: Vec<_> = headers.filter(|(name, _)| !is_framing(name)).collect();
    *request.headers_mut() = Headers::from(own)
        .try_into()
        .map_err(|error: functions_bytes::InvalidHeader| BindingError::InvalidHeader(error.name))?;
    Ok(request)
}

/// Whether a host could have a function of this name; any other could be taken for a path.
fn is_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.bytes().all(is_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(base: &str, target: &str, path: &str) -> Result<String, BindingError> {
        let request = request(base, target, Call::get("", path))?;
        Ok(request.uri().to_string())
    }

    /// A function is below its host's URL, whatever that is.
    #[test]
    fn urls() {
        for (base, path, expected) in [
            ("http://a", "/x", "http://a/f/x"),
            ("https://a:1/b", "/", "https://a:1/b/f/"),
            ("http://a", "/x?a=b&c", "http://a/f/x?a=b&c"),
            ("http://a", "//x", "http://a/f//x"),
        ] {
            assert_eq!(uri(base, "f", path).unwrap(), expected);
        }
    }

    /// What cannot be sent is an error that says what is wrong.
    #[test]
    fn unsendable() {
        for target in ["", "a/b", "..", "http://other", "é", "a?b"] {
            let error = uri("http://a", target, "/").unwrap_err();
            assert!(matches!(error, BindingError::NotFound(name) if name == target));
        }
        for path in ["/a b", "/#top", "/\n", "/é", "/<"] {
            let error = uri("http://a", "f", path).unwrap_err();
            assert!(matches!(error, BindingError::InvalidPath(wrong) if wrong == path));
        }
        for base in ["", "a", "ftp://a", "/a"] {
            let error = uri(base, "f", "/").unwrap_err();
            assert!(matches!(error, BindingError::Unreachable(_)), "{base}");
        }
        for method in ["", "B AD", "CONNECT"] {
            let error = request("http://a", "f", Call::new("", method, "/")).err();
            assert!(matches!(error, Some(BindingError::InvalidMethod(wrong)) if wrong == method));
        }
        for (name, value) in [("a b", "x"), ("x", "a\nb")] {
            let call = Call::get("", "/").header(name, value);
            let error = request("http://a", "f", call).err();
            assert!(matches!(error, Some(BindingError::InvalidHeader(wrong)) if wrong == name));
        }
    }
}
