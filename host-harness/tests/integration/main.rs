//! Integration tests of the host, with real components over real sockets.
//!
//! Each test starts its own server on a free port; the tests share the compiled functions.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

mod attacks;
mod binding;
mod bodies;
mod clients;
mod clients_tls;
mod commands;
mod conformance;
mod connections;
mod examples_calling;
mod failures;
mod fakes;
mod fidelity;
mod files;
mod host_interface;
mod http;
mod isolation;
mod live;
mod observing;
mod outbound;
mod output;
mod proxies;
mod sdk;
mod sdk_calls;
mod stopping;
mod strangers;
mod streaming;
