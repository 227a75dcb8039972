//! Who may invoke a function.

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

/// Which functions of the host may call a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Callers {
    /// All of them.
    #[default]
    Any,
    /// Those with these names. A call by another function is the error `not-allowed`.
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
