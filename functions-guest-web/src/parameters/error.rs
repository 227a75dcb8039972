use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

/// How much of a value is shown, in characters: enough to find it again.
const SHOWN: usize = 64;

/// What serde calls Rust's types of numbers, when it says what it expected.
const INTEGERS: [&str; 12] = [
    "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize",
];

/// First words of what serde expects where the name of a type follows.
const TYPES: [&str; 9] = [
    "struct",
    "enum",
    "tuple",
    "unit",
    "newtype",
    "internally",
    "adjacently",
    "variant",
    "field",
];

/// What else serde expects of a value that it keeps as a text, and that no text can be.
const NEVER_TEXT: [&str; 7] = [
    "a boolean",
    "a map",
    "a sequence",
    "f32",
    "f64",
    "option",
    "unit",
];

/// The same, before a name or a number.
const NEVER_TEXT_NAMED: [&str; 8] = [
    "a nonzero ",
    "a tuple of size ",
    "an array of length ",
    "adjacently tagged enum ",
    "internally tagged enum ",
    "struct ",
    "tuple struct ",
    "unit struct ",
];

/// Why parameters could not be decoded.
#[derive(Debug)]
pub(crate) struct Error {
    parameter: Option<String>,
    /// A predicate: `is missing`.
    what: String,
    fault: Fault,
}

/// Who has to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The sender of the request: an invalid value.
    Value,
    /// A name that is missing, or that nobody knows. A query's sender chooses those, a path's does
    /// not.
    Name,
    /// The author of the program: no request could be decoded into this type.
    Program,
}

impl Error {
    fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self {
            parameter: None,
            what: what.into(),
            fault,
        }
    }

    /// A value that is wrong, in words of which it is the subject.
    #[cold]
    pub(super) fn value(what: &str, shown: &str) -> Self {
        let mut what = format!("{what}: `");
        let mut rest = shown.chars();
        what.extend(rest.by_ref().take(SHOWN));
        if rest.next().is_some() {
            what.push('…');
        }
        what.push('`');
        Self::new(Fault::Value, what)
    }

    /// A value that is wrong in a way that showing it does not make clearer.
    #[cold]
    pub(super) fn bare(what: impl Into<String>) -> Self {
        Self::new(Fault::Value, what)
    }

    /// A type that cannot be had.
    #[cold]
    pub(super) fn program(what: impl Into<String>) -> Self {
        Self::new(Fault::Program, what)
    }

    /// Says which parameter it is about, unless it knows.
    #[cold]
    pub(super) fn of(mut self, parameter: &str) -> Self {
        self.parameter.get_or_insert_with(|| parameter.to_owned());
        self
    }

    pub(crate) fn fault(&self) -> Fault {
        self.fault
    }

    /// All of it, as a sentence about the parameters of a `source`: a path or a query.
    pub(crate) fn detail(&self, source: &str) -> String {
        match &self.parameter {
            Some(parameter) => format!("the {source} parameter `{parameter}` {}", self.what),
            None => format!("the {source} {}", self.what),
        }
    }
}

/// Whether a text that reaches a type as such can never be what it expects: from the path itself, a
/// type gets what it asks for.
fn is_never_text(expected: &str) -> bool {
    INTEGERS.contains(&expected)
        || NEVER_TEXT.contains(&expected)
        || NEVER_TEXT_NAMED
            .iter()
            .any(|start| expected.starts_with(start))
}

/// What was expected, without the names of Rust types.
fn expected(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    let first = text.split(' ').next().unwrap_or_default();
    if INTEGERS.contains(&text.as_str()) {
        "a whole number".into()
    } else if matches!(first, "f32" | "f64") {
        "a number".into()
    } else if text.starts_with("a nonzero ") {
        "a number other than 0".into()
    } else if TYPES.contains(&first) {
        "something else".into()
    } else {
        text
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail("request's"))
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        let message = message.to_string();
        // The name of the type follows.
        if message.starts_with("data did not match any variant of untagged enum ") {
            return Self::bare("has none of the forms that are accepted");
        }
        // Of a type that asks for such an integer of a text that serde kept.
        if message.ends_with("128 is not supported") {
            return Self::program(message);
        }
        Self::bare(format!("is invalid: {message}"))
    }

    #[cold]
    fn invalid_type(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        if matches!(found, Unexpected::Str(_)) && is_never_text(&wanted.to_string()) {
            return Self::program(format!(
                "has a text where the type takes {}: serde keeps what is below `#[serde(flatten)]` as \
                 a text",
                expected(wanted)
            ));
        }
        Self::bare(format!("is invalid: expected {}", expected(wanted)))
    }

    #[cold]
    fn invalid_value(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::bare(format!("is invalid: expected {}", expected(wanted)))
    }

    #[cold]
    fn invalid_length(length: usize, wanted: &dyn Expected) -> Self {
        Self::bare(format!(
            "has {length} values instead of {}",
            expected(wanted)
        ))
    }

    #[cold]
    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        Self::value(&format!("is not one of {}", listed(known)), variant)
    }

    #[cold]
    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        let what = format!("is not known; those that are: {}", listed(known));
        Self::new(Fault::Name, what).of(field)
    }

    #[cold]
    fn missing_field(field: &'static str) -> Self {
        Self::new(Fault::Name, "is missing").of(field)
    }

    #[cold]
    fn duplicate_field(field: &'static str) -> Self {
        Self::new(Fault::Name, "is there more than once").of(field)
    }
}

fn listed(names: &[&str]) -> String {
    let mut list = String::new();
    for name in names {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push('`');
        list.push_str(name);
        list.push('`');
    }
    list
}
