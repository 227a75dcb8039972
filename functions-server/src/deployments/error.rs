use std::error::Error;

use super::settings::{InvalidSettings, SecretsError, name_of};
use crate::store::StoreError;

/// Why a change was refused. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeploymentError {
    #[error("{0}")]
    InvalidName(String),
    #[error(transparent)]
    InvalidSettings(#[from] InvalidSettings),
    #[error("invalid setting secrets: {0}")]
    Secrets(#[from] SecretsError),
    #[error("{0}")]
    InvalidComponent(String),
    #[error("function {0:?} not found")]
    NotFound(String),
    #[error("function {name:?} has no version {number}")]
    NoSuchVersion { name: String, number: i64 },
    #[error("the current version is {}, which the request's condition excludes", shown(.0))]
    Precondition(Option<i64>),
    #[error(
        "function {0:?} is served from a file that the server was started with: change the file and \
         restart, or start the server without it"
    )]
    ServedFromFile(String),
    #[error("the component of version {0} is missing or damaged: deploy it again")]
    Damaged(i64),
    /// The host had no time for it, say.
    #[error("{0}")]
    NotCompiled(String),
    #[error("the host failed: {0}")]
    Host(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn shown(current: &Option<i64>) -> String {
    current.map_or("none".to_owned(), |number| number.to_string())
}

impl From<host_harness::DeployError> for DeploymentError {
    fn from(error: host_harness::DeployError) -> Self {
        let text = chain(&error);
        if let Some(field) = error.setting() {
            let reason = text.strip_prefix(&format!("invalid setting {field}: "));
            return Self::InvalidSettings(InvalidSettings {
                name: name_of(field).to_owned(),
                reason: reason.unwrap_or(&text).to_owned(),
            });
        }
        match () {
            () if error.is_invalid_name() => Self::InvalidName(text),
            () if error.is_invalid_component() => Self::InvalidComponent(text),
            () if error.is_not_compiled() => Self::NotCompiled(text),
            () => Self::Host(text),
        }
    }
}

/// An error with its causes, as the command prints it.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
