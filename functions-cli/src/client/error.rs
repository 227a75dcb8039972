//! Why a host did not do what it was asked for.

use host_harness::Escaped;
use serde_json::Value;

/// How long the text of an answer that is no problem document may be, in characters.
const MAX_TEXT: usize = 200;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("invalid --host {}: expected a URL such as http://127.0.0.1:8081", Escaped(.0))]
    InvalidHost(String),
    #[error(
        "cannot reach a host at {base}; start one with `functions serve --admin-listen 127.0.0.1:8081 --data-dir DIR`, \
         or name another with --host"
    )]
    Unreachable { base: String, source: ureq::Error },
    #[error("{0} is no management API of a host: it answers with something else; check --host")]
    NotAHost(String),
    /// An error of the host's, as its problem document says it.
    #[error("{}", Escaped(.text))]
    Refused { status: u16, text: String },
    #[error("cannot make the request: this is a bug")]
    Bug(#[source] ureq::Error),
}

impl ClientError {
    pub(super) fn refused(base: &str, status: u16, text: &str) -> Self {
        let problem: Option<Value> = serde_json::from_str(text).ok();
        let member = |name| {
            problem
                .as_ref()
                .and_then(|problem| problem.get(name)?.as_str())
        };
        // The title only repeats the status.
        let text = match member("detail").or_else(|| member("title")) {
            Some(text) => text.to_owned(),
            None => {
                let text: String = text.trim().chars().take(MAX_TEXT).collect();
                format!("{base} answered with status {status}: {text}")
            }
        };
        Self::Refused { status, text }
    }

    /// The status with which the host refused.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the input has to change for another try to work.
    pub(crate) fn is_invalid_input(&self) -> bool {
        matches!(self, Self::InvalidHost(_))
            || self
                .status()
                .is_some_and(|status| matches!(status, 400 | 409 | 412 | 413 | 415 | 422))
    }

    pub(crate) fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    pub(crate) fn is_not_allowed(&self) -> bool {
        matches!(self.status(), Some(401 | 403))
    }
}
