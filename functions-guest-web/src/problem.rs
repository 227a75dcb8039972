//! Problem documents: `application/problem+json`, RFC 9457.

use http::StatusCode;

/// The media type of problem documents.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// The document that says what is wrong.
pub(crate) fn document(status: StatusCode, detail: &str, invocation: Option<&str>) -> Vec<u8> {
    let title = status.canonical_reason().unwrap_or("Error");
    let mut body = Vec::with_capacity(128 + title.len() + detail.len());
    raw(&mut body, r#"{"title":"#);
    string(&mut body, title);
    raw(&mut body, r#","status":"#);
    raw(&mut body, status.as_str());
    raw(&mut body, r#","detail":"#);
    string(&mut body, detail);
    if let Some(invocation) = invocation {
        raw(&mut body, r#","invocationId":"#);
        string(&mut body, invocation);
    }
    raw(&mut body, "}");
    body
}

/// Appends a text as it is. Not inlined: that would be half a kilobyte in every function.
#[inline(never)]
fn raw(target: &mut Vec<u8>, text: &str) {
    target.extend_from_slice(text.as_bytes());
}

/// Appends a JSON string. Written out so that a function without JSON carries no JSON library.
fn string(target: &mut Vec<u8>, text: &str) {
    raw(target, "\"");
    for byte in text.bytes() {
        let digit = |value: u8| b"0123456789abcdef".get(usize::from(value & 15)).copied();
        match byte {
            b'"' | b'\\' => target.extend([b'\\', byte]),
            ..b' ' => {
                raw(target, "\\u00");
                target.extend(digit(byte >> 4));
                target.extend(digit(byte));
            }
            byte => target.push(byte),
        }
    }
    raw(target, "\"");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever a detail holds, the document is JSON that gives it back.
    #[test]
    fn any_detail_is_valid_json() {
        for detail in [
            "",
            "plain",
            "quote \" backslash \\",
            "line\nend\r\t\u{1}",
            "é 🦀 \u{7f}",
        ] {
            let mut text = Vec::new();
            string(&mut text, detail);
            let back: String = serde_json::from_slice(&text).unwrap();
            assert_eq!(back, detail);
        }
    }
}
