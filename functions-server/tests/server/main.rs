//! Tests of a server, with real components over real sockets.
//!
//! Each test starts its own server on free ports; the tests share the compiled functions.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

mod accept_rate;
mod access;
mod cache;
mod deploying;
mod deploying_under_load;
mod description;
mod dispatch;
mod golem;
mod kill;
mod kill_queue;
mod logs;
mod metrics;
mod metrics_text;
mod queue;
mod queue_ids;
mod request_ids;
mod restarting;
mod secrets;
mod serverledge;
mod serverledge_commands;
mod serverledge_room;
mod serverledge_statuses;
mod settings;
mod support;
mod tokens;
#[cfg(unix)]
mod write_errors;
