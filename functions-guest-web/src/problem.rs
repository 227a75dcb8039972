//! Problem documents: `application/problem+json`, RFC 9457.

use http::StatusCode;

use crate::response::WebResponse;

/// A response that says what is wrong, as it is sent.
pub(crate) fn document(status: StatusCode, detail: &str, invocation: Option<&str>) -> WebResponse {
    let title = status.canonical_reason().unwrap_or("Error");
    let mut body = String::with_capacity(128 + title.len() + detail.len());
    body.push_str(r#"{"title":"#);
    string(&mut body, title);
    body.push_str(r#","status":"#);
    body.push_str(status.as_str());
    body.push_str(r#","detail":"#);
    string(&mut body, detail);
    if let Some(invocation) = invocation {
        body.push_str(r#","invocationId":"#);
        string(&mut body, invocation);
    }
    body.push('}');
    WebResponse::of(status, Some("application/problem+json"), body.into())
}

/// Appends a JSON string. Written out so that a function without JSON carries no JSON library.
fn string(target: &mut String, text: &str) {
    target.push('"');
    for character in text.chars() {
        match character {
            '"' => target.push_str("\\\""),
            '\\' => target.push_str("\\\\"),
            '\n' => target.push_str("\\n"),
            character if character < ' ' => {
                let digit = |value| char::from_digit(value & 15, 16).unwrap_or_default();
                let value = u32::from(character);
                target.push_str("\\u00");
                target.extend([digit(value >> 4), digit(value)]);
            }
            character => target.push(character),
        }
    }
    target.push('"');
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
            let mut text = String::new();
            string(&mut text, detail);
            let back: String = serde_json::from_str(&text).unwrap();
            assert_eq!(back, detail);
        }
    }
}
