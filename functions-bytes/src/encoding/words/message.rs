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
    const EXPECTED: &str = ", expected ";
    let starts = ["invalid type: ", "invalid value: ", "invalid length "];
    // What is expected comes last: before it, anything may stand that was sent.
    let place = text.rfind(EXPECTED);
    match place.and_then(|place| text.split_at_checked(place)) {
        Some((found, expected)) if starts.iter().any(|start| text.starts_with(start)) => {
            let expected = expected.strip_prefix(EXPECTED).unwrap_or_default();
            let other = OTHERS.iter().find(|(kind, _)| *kind == expected);
            let mut message = custom(found.to_owned());
            message.push_str(EXPECTED);
            message.push_str(other.map_or_else(|| neutral(expected), |(_, words)| words));
            message
        }
        _ => custom(text),
    }
}
