//! How values are shown, and what is said of them.

use std::fmt::Write as _;

use serde::de::{Expected, Unexpected};

use crate::encoding::words::{clip, neutral};

/// How much of a value is shown, in bytes: enough to find it again.
const SHOWN: usize = 64;

/// `, expected ` and what it is.
pub(super) fn expected(expected: &dyn Expected) -> String {
    let mut text = String::new();
    // Writing to a string fails only where the type's own words do.
    let _ = write!(text, "{expected}");
    let mut target = String::from(", expected ");
    target.push_str(neutral(&text));
    target
}

/// Appends what a value is. Whether it is a float, which is not shown: printing floats is much code.
pub(super) fn unexpected(target: &mut String, unexpected: &Unexpected<'_>) -> bool {
    let kind = match unexpected {
        Unexpected::Str(text) => {
            target.push_str("string ");
            string(target, text);
            return false;
        }
        Unexpected::Bool(value) => {
            target.push_str("boolean");
            quoted(target, if *value { "true" } else { "false" }, '`');
            return false;
        }
        Unexpected::Unsigned(value) => {
            let _ = write!(target, "integer `{value}`");
            return false;
        }
        Unexpected::Signed(value) => {
            let _ = write!(target, "integer `{value}`");
            return false;
        }
        Unexpected::Char(value) => {
            let _ = write!(target, "character `{value}`");
            return false;
        }
        Unexpected::Float(_) => {
            target.push_str("floating point");
            return true;
        }
        Unexpected::Bytes(_) => "bytes",
        Unexpected::Unit => "null",
        Unexpected::Option => "a value",
        Unexpected::NewtypeStruct => "a value",
        Unexpected::Seq => "list",
        Unexpected::Map => "object",
        Unexpected::Enum => "string or object",
        Unexpected::UnitVariant => "string",
        Unexpected::NewtypeVariant | Unexpected::TupleVariant | Unexpected::StructVariant => {
            "object"
        }
        Unexpected::Other(other) => other,
    };
    target.push_str(kind);
    false
}

/// Appends a space and the start of a value between `quote`s.
pub(super) fn quoted(target: &mut String, value: &str, quote: char) {
    target.push(' ');
    target.push(quote);
    let shown = clip(value, SHOWN);
    target.push_str(shown);
    if shown.len() < value.len() {
        target.push('…');
    }
    target.push(quote);
}

/// Appends the start of a text, as a string of JSON.
pub(super) fn string(target: &mut String, text: &str) {
    let shown = clip(text, SHOWN);
    target.push('"');
    for character in shown.chars() {
        match character {
            '"' | '\\' => target.extend(['\\', character]),
            '\n' => target.push_str("\\n"),
            '\r' => target.push_str("\\r"),
            '\t' => target.push_str("\\t"),
            ..' ' | '\u{7f}' => {
                let _ = write!(target, "\\u{:04x}", u32::from(character));
            }
            character => target.push(character),
        }
    }
    if shown.len() < text.len() {
        target.push('…');
    }
    target.push('"');
}

/// Whether a key can stand in a path as it is.
pub(super) fn is_name(key: &str) -> bool {
    (1..=SHOWN).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
