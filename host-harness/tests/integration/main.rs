//! The host over real sockets, with real components.
//!
//! Each test starts a server of its own on a free port; the compiled functions are shared.

mod bodies;
mod command;
mod failures;
mod fidelity;
mod files;
mod isolation;
mod output;
mod support;
