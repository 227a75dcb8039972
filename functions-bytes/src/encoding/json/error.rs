//! What is wrong with a JSON text, said without the names of Rust types.

use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

use super::words;
use crate::encoding::words::custom;

/// Not serde_json's own error, which names Rust types, does not know the path, and brings the
/// printing of floats into every function.
pub(super) struct Error(Box<Inner>);

struct Inner {
    what: String,
    /// The second half of `what`, where it has one: what is expected.
    expected: String,
    /// From the innermost to the outermost; only an error about the data has one.
    path: Option<Vec<Step>>,
    /// Line and column, once they are known.
    place: Option<(usize, usize)>,
    /// Whether `what` ends in a float that is still to be shown.
    float: bool,
}

enum Step {
    Key(String),
    Index(usize),
}

impl Error {
    pub(super) fn syntax(what: &str) -> Self {
        Self::new(what.to_owned(), String::new(), None)
    }

    fn data(what: String, expected: String) -> Self {
        Self::new(what, expected, Some(Vec::new()))
    }

    fn new(what: String, expected: String, path: Option<Vec<Step>>) -> Self {
        Self(Box::new(Inner {
            what,
            expected,
            path,
            place: None,
            float: false,
        }))
    }

    /// A value of another type than the one that is expected.
    pub(super) fn wrong(kind: &str, value: &str, expected: &dyn Expected) -> Self {
        let mut what = String::from("invalid type: ");
        what.push_str(kind);
        if !value.is_empty() {
            words::quoted(&mut what, value, '`');
        }
        Self::data(what, words::expected(expected))
    }

    fn unexpected(start: &str, unexpected: &Unexpected<'_>, expected: &dyn Expected) -> Self {
        let mut what = String::from(start);
        let float = words::unexpected(&mut what, unexpected);
        let mut error = Self::data(what, words::expected(expected));
        error.0.float = float;
        error
    }

    /// Says at which place the error happened, unless it knows.
    pub(super) fn at(mut self, line: usize, column: usize) -> Self {
        self.0.place.get_or_insert((line, column));
        self
    }

    /// Shows the float that the error is about, as it was written.
    pub(super) fn showing(mut self, number: &str) -> Self {
        if std::mem::take(&mut self.0.float) {
            words::quoted(&mut self.0.what, number, '`');
        }
        self
    }

    /// The error happened below this key.
    pub(super) fn below(mut self, key: impl FnOnce() -> String) -> Self {
        if let Some(path) = &mut self.0.path {
            path.push(Step::Key(key()));
        }
        self
    }

    /// The error happened in this element of a list.
    pub(super) fn within(mut self, index: usize) -> Self {
        if let Some(path) = &mut self.0.path {
            path.push(Step::Index(index));
        }
        self
    }
}

/// `missing field `name` at items[3].price, line 1 column 9`.
impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.what)?;
        f.write_str(&self.0.expected)?;
        let mut separator = " at ";
        for (depth, step) in self.0.path.iter().flatten().rev().enumerate() {
            f.write_str(separator)?;
            separator = "";
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if words::is_name(key) => {
                    f.write_str(if depth == 0 { "" } else { "." })?;
                    f.write_str(key)?;
                }
                Step::Key(key) => {
                    let mut text = String::from("[");
                    words::string(&mut text, key);
                    text.push(']');
                    f.write_str(&text)?;
                }
            }
        }
        if let Some((line, column)) = self.0.place {
            let separator = if separator.is_empty() { "," } else { " at" };
            write!(f, "{separator} line {line} column {column}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        Self::data(custom(message.to_string()), String::new())
    }

    #[cold]
    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::unexpected("invalid type: ", &unexpected, expected)
    }

    #[cold]
    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::unexpected("invalid value: ", &unexpected, expected)
    }

    #[cold]
    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        let what = format!("invalid length {length}");
        Self::data(what, words::expected(expected))
    }
}
