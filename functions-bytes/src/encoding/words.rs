//! Words for the one who sent a body: what serde says of a value, without the names of Rust types.

use std::fmt::Write as _;

use serde::de::{Expected, Unexpected};

/// How much of a value is shown, in bytes: enough to find it again.
const SHOWN: usize = 64;

/// How much of a message that a type wrote itself is shown, in bytes.
const LONGEST: usize = 1024;

/// What is expected of a type, by what serde and its derive call it: the whole text.
const KINDS: &[(&str, &str)] = &[
    ("unit", "null"),
    ("a sequence", "a list"),
    ("a map", "an object"),
    ("option", "a value or null"),
    ("variant identifier", "a name"),
    ("field identifier", "a name"),
    ("newtype variant", "an object"),
    ("tuple variant", "an object"),
    ("struct variant", "an object"),
    ("f32", "a number"),
    ("f64", "a number"),
    ("i8", "an integer from -128 to 127"),
    ("i16", "an integer from -32768 to 32767"),
    ("i32", "an integer from -2147483648 to 2147483647"),
    ("u8", "an integer from 0 to 255"),
    ("u16", "an integer from 0 to 65535"),
    ("u32", "an integer from 0 to 4294967295"),
    ("i64", "an integer"),
    ("i128", "an integer"),
    ("isize", "an integer"),
    ("u64", "an integer that is not negative"),
    ("u128", "an integer that is not negative"),
    ("usize", "an integer that is not negative"),
];

/// The same, where the name of a type follows.
const NAMED: &[(&str, &str)] = &[
    ("struct variant ", "an object"),
    ("tuple variant ", "a list"),
    ("unit variant ", "a name"),
    ("unit struct ", "null"),
    ("tuple struct ", "a list"),
    ("struct ", "an object"),
    ("enum ", "a string or an object"),
    ("internally tagged enum ", "an object"),
    ("adjacently tagged enum ", "an object"),
    ("a nonzero ", "an integer other than 0"),
];

/// Starts of messages that end in the name of a type.
const NO_FORM: &[&str] = &[
    "data did not match any variant of untagged enum ",
    "no variant of enum ",
];

/// `, expected ` and what it is.
pub(super) fn expected(expected: &dyn Expected) -> String {
    let mut text = String::new();
    // Writing to a string fails only where the type's own words do.
    let _ = write!(text, "{expected}");
    let mut target = String::from(", expected ");
    target.push_str(neutral(&text));
    target
}

fn neutral(text: &str) -> &str {
    if let Some((_, words)) = KINDS.iter().find(|(kind, _)| *kind == text) {
        return words;
    }
    for (start, words) in NAMED {
        if let Some(name) = text.strip_prefix(start) {
            return length(name).unwrap_or(words);
        }
    }
    text
}

/// The end of `Point with 2 elements`. Written out because searching a text for another is much
/// code.
fn length(name: &str) -> Option<&str> {
    const WITH: &[u8] = b" with ";
    let mut windows = name.as_bytes().windows(WITH.len());
    let start = windows.position(|window| window == WITH)?;
    name.get(start + WITH.len()..)
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

/// A message that a type, or a derive, wrote itself.
pub(super) fn custom(message: String) -> String {
    if NO_FORM.iter().any(|start| message.starts_with(start)) {
        return String::from("the value has none of the forms that are accepted");
    }
    let shown = clip(&message, LONGEST);
    if shown.len() == message.len() {
        return message;
    }
    let mut clipped = String::from(shown);
    clipped.push('…');
    clipped
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

/// The longest start of a text that is no longer than `longest`.
fn clip(text: &str, longest: usize) -> &str {
    let end = text
        .char_indices()
        .map(|(start, character)| start + character.len_utf8())
        .take_while(|end| *end <= longest)
        .last();
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}
