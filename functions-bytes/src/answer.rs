use std::error::Error;
use std::fmt;

/// The last cause of an error of the SDK's: the status that a web function answers such an error
/// with, unless its handler says otherwise. It saves the crates that have such errors, and the one
/// that answers, from knowing each other.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AnswerWith(pub u16);

/// As [`AnswerWith`], for an error whose text is fit for the client: its direct cause.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AnswerAsAbove(pub u16);

impl fmt::Display for AnswerWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered with status {}", self.0)
    }
}

impl fmt::Display for AnswerAsAbove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("answered as its sender is to blame")
    }
}

/// As it is displayed. What a derive calls would be part of every function.
impl fmt::Debug for AnswerWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As it is displayed.
impl fmt::Debug for AnswerAsAbove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for AnswerWith {}

impl Error for AnswerAsAbove {}
