#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![doc(test(attr(deny(warnings))))]

mod command;
mod environment;
mod guests;
mod target;

pub use command::CommandError;
pub use guests::{Artifact, BuildError, GuestBuild, build_guests};
pub use target::{
    Attempt, SetupError, ensure_target, ensure_target_or_run, has_target, rustup_toolchain,
};

/// The target that functions are compiled for.
pub const TARGET: &str = "wasm32-wasip2";
