//! What a web function answers an error of the SDK with.
//!
//! The crate that answers does not know the crates whose errors it answers, and an error may be inside
//! `anyhow::Error` or another type. `Error::provide` is made for that and unstable
//! (rust-lang/rust#99301). Until it is stable, an error of the SDK calls [`provide`] in its `source`,
//! and [`of`] calls `source` and takes what was provided.

use std::cell::Cell;
use std::error::Error;

/// The answer to an error: a status, and what the client is told.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// A text for the client. Without one, the client learns the status only.
    pub detail: Option<String>,
}

thread_local! {
    static PROVIDED: Cell<Option<Answer>> = const { Cell::new(None) };
}

/// Provides the answer to an error, from inside its `source`.
#[cold]
pub fn provide(status: u16, detail: Option<String>) {
    PROVIDED.set(Some(Answer { status, detail }));
}

/// The answer that one error provides, and the error's source.
pub fn of<'e>(
    error: &'e (dyn Error + 'static),
) -> (Option<Answer>, Option<&'e (dyn Error + 'static)>) {
    PROVIDED.set(None);
    let source = error.source();
    (PROVIDED.take(), source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadError;
    use crate::encoding::DecodeError;

    /// Each error of a chain provides its own answer, and an error outside of the SDK none.
    #[test]
    fn answers_belong_to_one_error() {
        let error = DecodeError::from(ReadError::TooLarge { limit: 1 });
        let (answer, source) = of(&error);
        assert!(answer.is_none());
        let (answer, source) = of(source.unwrap());
        let answer = answer.unwrap();
        assert_eq!(answer.status, 413);
        assert_eq!(
            answer.detail.as_deref(),
            Some("the body is longer than 1 bytes")
        );
        assert!(source.is_none(), "the status is not a cause");
        assert!(of(&std::fmt::Error).0.is_none());
    }
}
