//! Arguments that have the right form, and cannot work.

use std::error::Error;

/// An argument cannot work.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct InvalidArgument {
    text: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl InvalidArgument {
    /// The text names the argument and the fix.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { text, source: None }
    }

    pub(crate) fn because(
        text: impl Into<String>,
        source: impl Error + Send + Sync + 'static,
    ) -> Self {
        Self {
            text: text.into(),
            source: Some(Box::new(source)),
        }
    }
}
