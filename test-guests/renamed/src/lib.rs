//! Difficult cases for the SDK's macros.
//!
//! The SDK has another name and is the only dependency. Names that the expansion might use are taken,
//! and every warning is an error.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, dead_code)]

/// Names that belong to the user.
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
