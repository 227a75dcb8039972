//! Problem documents: `application/problem+json`, RFC 9457.

use std::fmt::Write as _;

use http::StatusCode;

use crate::response::WebResponse;

/// A response that says what is wrong.
pub(crate) fn response(status: StatusCode, detail: &str) -> WebResponse {
    let title = status.canonical_reason().unwrap_or("Error");
    let mut body = String::with_capacity(64 + title.len() + detail.len());
    body.push_str(r#"{"title":"#);
    string(&mut body, title);
    // Writing to a string cannot fail.
    let _ = write!(body, r#","status":{},"detail":"#, status.as_u16());
    string(&mut body, detail);
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
                let _ = write!(target, "\\u{:04x}", u32::from(character));
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
