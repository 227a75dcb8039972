//! Words for the one who sent a body: what serde says of a value, without the names of Rust types.

mod message;

#[cfg(feature = "fields")]
pub(super) use message::expectation;
pub(super) use message::message;

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

/// What is expected, in neutral words.
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

/// A message that a type, or a derive, wrote itself.
fn custom(message: String) -> String {
    if NO_FORM.iter().any(|start| message.starts_with(start)) {
        return String::from("the value has none of the forms that are accepted");
    }
    clipped(message)
}

/// A text, or its start and an ellipsis.
pub(super) fn clipped(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}

/// Where in a value an error is, before what it says: `items[3].price: `.
#[cfg(feature = "json")]
pub(super) fn path(path: &serde_path_to_error::Path) -> String {
    let is_unknown = |segment: &_| matches!(segment, serde_path_to_error::Segment::Unknown);
    if path.iter().all(is_unknown) {
        return String::new();
    }
    let mut place = custom(path.to_string());
    place.push_str(": ");
    place
}
