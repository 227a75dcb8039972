//! Who may invoke a function.

use std::sync::Arc;

/// Who may invoke a function from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ingress {
    /// Everyone.
    #[default]
    Public,
    /// Requests with a token that may invoke the function; others get 401 or 403. See
    /// [`Builder::token_verifier`](crate::Builder::token_verifier).
    Token,
    /// Nobody: only other functions may call it. A request from outside gets the 404 of an unknown name.
    Private,
}

/// Which functions of the host may call a function, and which callers that the embedder invokes it for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Callers {
    /// All of them.
    #[default]
    Any,
    /// Those with these names. A call by another function is the error `not-allowed`. A name with a colon is one
    /// of the embedder's: see [`InvokeOptions::caller`](crate::InvokeOptions::caller).
    Only(Vec<String>),
}

impl Callers {
    /// Whether a function of this name may call.
    pub(crate) fn allow(&self, caller: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(names) => names.iter().any(|name| name == caller),
        }
    }

    /// Whether a caller with this name may call, which these names stand for too.
    pub(crate) fn allow_any(&self, caller: &str, groups: &[Arc<str>]) -> bool {
        self.allow(caller) || groups.iter().any(|group| self.allow(group))
    }
}

/// Who may invoke a function, and what of a request it gets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    pub(crate) ingress: Ingress,
    pub(crate) callers: Callers,
    /// The longest body of a request or call, in bytes.
    pub(crate) max_body: Option<u64>,
    /// Whether the function sees the `authorization` header of a request with a valid token.
    pub(crate) pass_authorization: bool,
}
