use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id, in bytes.
const MAX_LENGTH: usize = 128;

/// The id that a proxy gave a request; `None` for a request without one, an invalid one, or two.
///
/// Its characters end no line and no word of a log.
pub(super) fn of(headers: &HeaderMap) -> Option<Arc<str>> {
    let mut all = headers.get_all(X_REQUEST_ID).iter();
    let only = all.next().filter(|_| all.next().is_none())?;
    parse(only).map(Arc::from)
}

fn parse(value: &HeaderValue) -> Option<&str> {
    let id = value.to_str().ok()?;
    let is_valid = (1..=MAX_LENGTH).contains(&id.len()) && id.bytes().all(is_id_byte);
    is_valid.then_some(id)
}

fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/+=@".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An id has up to 128 bytes, without spaces, quotes and brackets.
    #[test]
    fn ids_are_checked() {
        let longest = "x".repeat(MAX_LENGTH);
        let too_long = "x".repeat(MAX_LENGTH + 1);
        for (ids, valid) in [
            (&["5c9e0f0a-8a3b-4f57-9d0e-0c6f2a1b3c4d"][..], true),
            (&["01ARZ3NDEKTSV4RRFFQ69G5FAV"], true),
            (&["Root=1-67891233-abcdef/a+b~c@d:e.f_g"], true),
            (&[&longest], true),
            (&[&too_long], false),
            (&[""], false),
            (&["a b"], false),
            (&["a]b"], false),
            (&["a\"b"], false),
            (&["a,b"], false),
            (&["é"], false),
            (&["a", "a"], false),
            (&[], false),
        ] {
            let mut headers = HeaderMap::new();
            for id in ids {
                headers.append(
                    X_REQUEST_ID,
                    HeaderValue::from_bytes(id.as_bytes()).unwrap(),
                );
            }
            let expected = ids.first().filter(|_| valid).copied();
            assert_eq!(of(&headers).as_deref(), expected, "{ids:?}");
        }
    }
}
