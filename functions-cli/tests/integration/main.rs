//! Integration tests of the command, as a process of its own, with real components over real sockets.
//!
//! Each test starts its own server on a free port.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

mod arguments;
mod build;
mod cache;
mod dev;
mod dispatch;
mod foreign_text;
mod invoke;
mod loading;
mod logs;
mod manage;
mod managed;
mod manifest;
mod multi_tenant;
mod new;
mod options;
mod process;
mod reuse;
mod serve;
mod serverledge;
mod stop;
mod workers;
