use std::error::Error;
use std::fmt;

use functions_bytes::__private::provide_answer;
use functions_bytes::Headers;
use http::HeaderMap;

use super::{IntoHeaderName, IntoHeaderValue};

/// Headers as the contract has them.
pub(crate) type List = Vec<(String, Vec<u8>)>;

/// A status or a header that HTTP does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidHeader {
    /// A status outside 200 to 599. One from 600 on is answered 502: it is an upstream's that was
    /// passed on.
    Status(u16),
    /// An invalid name (RFC 9110, section 5.1).
    Name(String),
    /// A control character in the value of the header with this name (RFC 9110, section 5.5).
    Value(String),
    /// A status, a header or a body for a response that was streamed, and so sent, already.
    Sent,
}

impl fmt::Display for InvalidHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "invalid status {status}: expected 200 to 599"),
            Self::Name(name) => write!(f, "invalid header name {name:?}"),
            Self::Sent => f.write_str("the response was sent before this was set"),
            Self::Value(name) => {
                write!(f, "invalid value of the header {name:?}")
            }
        }
    }
}

impl Error for InvalidHeader {
    /// A status from 600 on comes from an upstream: its fault, and not the function's.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if let Self::Status(600..) = self {
            provide_answer(502, None);
        }
        None
    }
}

/// Checks a header. Not with `http`'s types: they would bring their tables into every function.
pub(crate) fn check(name: &str, value: &[u8]) -> Result<(), InvalidHeader> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(InvalidHeader::Name(name.to_owned()));
    }
    let is_allowed = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 127);
    if !value.iter().all(is_allowed) {
        return Err(InvalidHeader::Value(name.to_owned()));
    }
    Ok(())
}

/// Headers that a handler returns, in a tuple or alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a collection of headers",
    label = "not headers",
    note = "give `Headers`, an `http::HeaderMap`, or an array or a `Vec` of names and values"
)]
pub trait IntoHeaders {
    /// The headers' names and values, in order.
    fn into_headers(self) -> impl Iterator<Item = (String, Vec<u8>)>;

    /// Whether these may be another server's, so that a header which HTTP allows once stays twice if it is
    /// there twice.
    #[doc(hidden)]
    fn keeps_repeated(&self) -> bool {
        false
    }
}

impl IntoHeaders for HeaderMap {
    fn into_headers(self) -> impl Iterator<Item = (String, Vec<u8>)> {
        let all: List = self
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect();
        all.into_iter()
    }

    fn keeps_repeated(&self) -> bool {
        true
    }
}

/// Those of a request or of another server's response.
impl IntoHeaders for Headers {
    fn into_headers(self) -> impl Iterator<Item = (String, Vec<u8>)> {
        self.into_iter()
    }

    fn keeps_repeated(&self) -> bool {
        true
    }
}

impl<N: IntoHeaderName, V: IntoHeaderValue, const COUNT: usize> IntoHeaders for [(N, V); COUNT] {
    fn into_headers(self) -> impl Iterator<Item = (String, Vec<u8>)> {
        self.into_iter()
            .map(|(name, value)| (name.into_name(), value.into_value()))
    }
}

impl<N: IntoHeaderName, V: IntoHeaderValue> IntoHeaders for Vec<(N, V)> {
    fn into_headers(self) -> impl Iterator<Item = (String, Vec<u8>)> {
        self.into_iter()
            .map(|(name, value)| (name.into_name(), value.into_value()))
    }
}

/// None, or those inside.
impl<H: IntoHeaders> IntoHeaders for Option<H> {
    fn into_headers(self) -> impl Iterator<Item = (String, Vec<u8>)> {
        self.into_iter().flat_map(H::into_headers)
    }

    fn keeps_repeated(&self) -> bool {
        self.as_ref().is_some_and(H::keeps_repeated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What HTTP allows passes, and what it does not is told apart.
    #[test]
    fn names_and_values() {
        for (name, value) in [("x", ""), ("X-Y_1", "a\tb"), ("set-cookie", "é=\u{80}")] {
            assert_eq!(check(name, value.as_bytes()), Ok(()), "{name}: {value}");
        }
        for name in ["", " ", "a b", "a:", "é", "a\n"] {
            assert_eq!(check(name, b"x"), Err(InvalidHeader::Name(name.into())));
        }
        for value in ["a\r\nb: c", "\0", "\u{7f}"] {
            assert_eq!(
                check("x", value.as_bytes()),
                Err(InvalidHeader::Value("x".into()))
            );
        }
    }
}
