//! Why a component cannot be stored or used.

use std::error::Error as _;

use host_harness::{LoadError, LoadErrorKind};
use uuid::Uuid;

use crate::store::StoreError;

/// A component cannot be stored or used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ComponentError {
    #[error("Component already exists: {0}")]
    NameTaken(Uuid),
    #[error("Component not found")]
    NotFound,
    /// It is not a component, or this host cannot run it.
    #[error("{0}")]
    Invalid(String),
    /// It was not compiled, which may be different another time.
    #[error("{0}: try again later")]
    NotCompiled(String),
    /// The host failed, not the component.
    #[error("the component cannot be loaded: {0}")]
    Host(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a component cannot be used. A component need not be a function, which some of the texts are about.
pub(crate) fn reason(error: &LoadError) -> String {
    let first: &dyn std::error::Error = match (error.kind(), error.source()) {
        (LoadErrorKind::NotAFunction, Some(source)) => source,
        _ => error,
    };
    let mut text = first.to_string();
    let mut cause = first.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
