//! Everything that a macro could trip over: the SDK under another name, no other dependency, the
//! names that the expansion might use taken, and every warning an error.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, dead_code)]

/// Names that are the user's to use.
mod taken {
    pub(crate) struct Function;
    pub(crate) struct Guest;
    pub(crate) type Result = Guest;
    pub(crate) struct Option(pub(crate) Function, pub(crate) Result);
}
use taken::{Function, Guest, Option};

mod handlers {
    pub(crate) fn hello() -> &'static str {
        "hello from a renamed SDK"
    }
}

sdk::invoke!(crate::handlers::hello);

const _: fn() -> Option = || Option(Function, Guest);
