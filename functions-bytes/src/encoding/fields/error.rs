//! Why fields could not be decoded, in the words of a form.

use std::error::Error;
use std::fmt;

use serde_path_to_error::Segment;

use crate::answer;
use crate::encoding::words;

/// What serde's own types expect of a value, which is never a text.
const NEVER_TEXT: [&str; 17] = [
    "a boolean",
    "a map",
    "a sequence",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "usize",
    "unit",
    "option",
];

/// The same, before the name of a type.
const NEVER_TEXT_NAMED: [&str; 9] = [
    "a nonzero ",
    "a tuple of size ",
    "an array of length ",
    "an empty array",
    "adjacently tagged enum ",
    "internally tagged enum ",
    "struct ",
    "tuple struct ",
    "unit struct ",
];

/// What the standard library and serde_html_form say of a value, as what is said of a field.
const SAID: [(&str, &str); 8] = [
    (
        "invalid digit found in string",
        "is not a whole number in range",
    ),
    (
        "cannot parse integer from empty string",
        "is empty instead of a whole number",
    ),
    ("number too large to fit in target type", "is too large"),
    ("number too small to fit in target type", "is too small"),
    ("invalid float literal", "is not a number"),
    (
        "cannot parse float from empty string",
        "is empty instead of a number",
    ),
    ("unsupported value", GIVEN_TWICE),
    ("expected unit variant", IMPOSSIBLE),
];

/// Several values where the type takes one.
const GIVEN_TWICE: &str = "is given more than once";

/// No field can be decoded into such a type.
pub(super) const IMPOSSIBLE: &str = "is of a type that fields cannot have";

/// The name of the field that could not be decoded into an element of a list of pairs.
#[cold]
fn name_of_pair(fields: &[u8], path: &serde_path_to_error::Path) -> Option<String> {
    let Some(Segment::Seq { index }) = path.iter().next() else {
        return None;
    };
    let (name, _) = form_urlencoded::parse(fields).nth(*index)?;
    Some(words::clipped(name.into_owned()))
}

/// Why fields could not be decoded.
pub struct FieldsError {
    pub(super) name: Option<String>,
    /// A predicate: `is missing`.
    pub(super) what: String,
    /// No request could be decoded into the type: its author's fault, and not the sender's.
    pub(super) is_misuse: bool,
    /// A name came more than once, and the type takes one value.
    pub(super) is_repeated: bool,
}

impl FieldsError {
    #[cold]
    pub(super) fn new(message: String, path: &serde_path_to_error::Path, fields: &[u8]) -> Self {
        let name = path.iter().rev().find_map(|segment| match segment {
            Segment::Map { key } => Some(words::clipped(key.clone())),
            _ => None,
        });
        let name = name.or_else(|| name_of_pair(fields, path));
        if let Some((name, what)) = about_a_name(&message) {
            return Self {
                name: Some(words::clipped(name)),
                what: words::clipped(what),
                is_misuse: false,
                is_repeated: false,
            };
        }
        if is_misuse(&message) {
            return Self {
                name,
                what: format!(
                    "{IMPOSSIBLE} ({}): a form or a query has texts only, also below \
                     `#[serde(flatten)]`",
                    words::clipped(message)
                ),
                is_misuse: true,
                is_repeated: false,
            };
        }
        let said = SAID.iter().find(|(said, _)| *said == message);
        let what = match said {
            Some((_, what)) => (*what).to_owned(),
            None if message.starts_with("invalid type: sequence, ") => GIVEN_TWICE.into(),
            None => {
                let mut what = String::from("is invalid: ");
                what.push_str(&words::message(message));
                what
            }
        };
        Self {
            name,
            is_misuse: what == IMPOSSIBLE,
            is_repeated: what == GIVEN_TWICE,
            what,
        }
    }

    /// Whether no request could be decoded into the type.
    #[must_use]
    pub fn is_misuse(&self) -> bool {
        self.is_misuse
    }

    /// What is wrong, as a sentence about a `field` of the `whole`: a form's field, or a parameter
    /// of the query.
    #[must_use]
    pub fn detail(&self, field: &str, whole: &str) -> String {
        match &self.name {
            Some(name) => format!("the {field} `{name}` {}", self.what),
            // Below `#[serde(flatten)]`, or in a name, serde does not say where.
            None if !self.is_misuse && SAID.iter().any(|(_, what)| *what == self.what) => {
                format!("the {whole} has a value that {}", self.what)
            }
            None => format!("the {whole} {}", self.what),
        }
    }
}

/// The name that a message of serde's is about, and what it says of it.
fn about_a_name(message: &str) -> Option<(String, String)> {
    for (start, what) in [
        ("missing field `", "is missing"),
        ("duplicate field `", GIVEN_TWICE),
        ("unknown field `", "is not known"),
    ] {
        if let Some(rest) = message.strip_prefix(start) {
            let (name, after) = rest.split_once('`')?;
            return Some((name.to_owned(), format!("{what}{after}")));
        }
    }
    None
}

/// What serde says of a type that asks for such an integer of a decoder without them.
const NO_INTEGERS: [&str; 2] = ["i128 is not supported", "u128 is not supported"];

/// Whether a message says that a value is a text, or the whole is fields, where the type takes none.
fn is_misuse(message: &str) -> bool {
    if message.starts_with("invalid type: map, ") || NO_INTEGERS.contains(&message) {
        return true;
    }
    message.starts_with("invalid type: string ")
        && words::expectation(message).is_some_and(|expected| {
            NEVER_TEXT.contains(&expected)
                || NEVER_TEXT_NAMED
                    .iter()
                    .any(|start| expected.starts_with(start))
        })
}

impl fmt::Display for FieldsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail("field", "form"))
    }
}

/// As it is displayed. What a derive calls would be part of every function.
impl fmt::Debug for FieldsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A type that no fields fit is the program's fault.
impl Error for FieldsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if self.is_misuse {
            answer::provide(500, None);
        }
        None
    }
}
