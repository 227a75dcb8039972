use std::error::Error;
use std::fmt;

/// The last cause of an error of the SDK's: the status that a web function answers such an error
/// with, unless its handler says otherwise. It saves the crates that have such errors, and the one
/// that answers, from knowing each other.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerWith(pub u16);

impl fmt::Display for AnswerWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered with status {}", self.0)
    }
}

impl Error for AnswerWith {}
