//! Searches an error's chain of causes.

use std::error::Error as StdError;
use std::io;

/// The first cause that is a `T`.
pub(super) fn find<'e, T: StdError + 'static>(
    error: &'e (dyn StdError + 'static),
) -> Option<&'e T> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            // `io::Error` displays what it wraps as itself; its source is that of the wrapped error.
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// An error's causes in one line, without the outermost text, which has no details.
pub(super) fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut line = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Some errors repeat their cause.
        if !line.contains(&text) {
            if !line.is_empty() {
                line.push_str(": ");
            }
            line.push_str(&text);
        }
        cause = error.source();
    }
    if line.is_empty() {
        error.to_string()
    } else {
        line
    }
}
