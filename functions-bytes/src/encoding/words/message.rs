//! Messages of libraries whose errors are texts already.

use super::{custom, neutral};

/// What is expected of a type, as libraries call it that do without serde's words.
const OTHERS: &[(&str, &str)] = &[
    ("array", "a list"),
    ("char", "a character"),
    ("enum", "a string or an object"),
    ("float", "a number"),
    ("integer", "an integer"),
    ("map", "an object"),
    ("str", "a string"),
    ("string", "a string"),
];

/// A message that serde, or such a library, made.
pub(in crate::encoding) fn message(text: String) -> String {
    match split(&text) {
        Some((found, expected)) => {
            let other = OTHERS.iter().find(|(kind, _)| *kind == expected);
            let mut message = custom(found.to_owned());
            message.push_str(EXPECTED);
            message.push_str(other.map_or_else(|| neutral(expected), |(_, words)| words));
            message
        }
        None => custom(text),
    }
}

const EXPECTED: &str = ", expected ";

/// What was expected, in such a message.
#[cfg(feature = "fields")]
pub(in crate::encoding) fn expectation(text: &str) -> Option<&str> {
    split(text).map(|(_, expected)| expected)
}

/// What was found and what was expected, in a message that serde made of them.
fn split(text: &str) -> Option<(&str, &str)> {
    let starts = ["invalid type: ", "invalid value: ", "invalid length "];
    if !starts.iter().any(|start| text.starts_with(start)) {
        return None;
    }
    // What is expected comes last: before it, anything may stand that was sent. Written out because
    // searching a text for another is much code.
    let mut windows = text.as_bytes().windows(EXPECTED.len());
    let place = windows.rposition(|window| window == EXPECTED.as_bytes())?;
    Some((text.get(..place)?, text.get(place + EXPECTED.len()..)?))
}
