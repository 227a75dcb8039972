//! Decides which failed requests are sent again.
//!
//! A request that the server did not process can be sent again, whatever its method (RFC 9113, section
//! 8.7). One that the server may have processed can be if it is idempotent (RFC 9110, section 9.2.2).

use std::time::Duration;

use h2::Reason;
use hyper_util::client::legacy::Error;

use super::causes::find;
use super::error::Failed;
use super::history::History;
use super::outgoing::Outgoing;

/// How often an unprocessed request is sent again.
const MAX_UNPROCESSED: u32 = 4;

/// The pause before the second retry; it doubles with each further one. The first retry needs none: it
/// gets a new connection, or room on the old one.
const PAUSE: Duration = Duration::from_millis(50);

/// How a request is sent again.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// After a pause, on any connection.
    After(Duration),
    /// On a new connection: other idle ones may have ended like this one.
    OnNewConnection,
}

/// How often a request was sent again, and why.
#[derive(Debug, Default)]
pub(super) struct Retries {
    unprocessed: u32,
    stale: bool,
}

impl Retries {
    /// Whether and how a failed request is sent again.
    pub(super) fn next(&mut self, request: &Outgoing, failed: &Failed) -> Option<Retry> {
        let Failed::Request(error) = failed else {
            return None;
        };
        if !request.is_repeatable() {
            return None;
        }
        if is_unprocessed(error) {
            let before = self.unprocessed;
            self.unprocessed += 1;
            let pause = match before {
                0 => Duration::ZERO,
                _ => PAUSE.saturating_mul(1 << before.saturating_sub(1).min(16)),
            };
            return (before < MAX_UNPROCESSED).then_some(Retry::After(pause));
        }
        let stale = request.is_idempotent() && is_stale(error);
        (stale && !std::mem::replace(&mut self.stale, true)).then_some(Retry::OnNewConnection)
    }
}

/// Whether the server reports that it did not process the request, or the request was never sent.
fn is_unprocessed(error: &Error) -> bool {
    if find::<hyper::Error>(error).is_some_and(hyper::Error::is_canceled) {
        return true;
    }
    // When the server ends a connection, h2 fails the streams beyond the last one that it processes
    // with the server's GOAWAY. Earlier streams fail with another error, if at all.
    find::<h2::Error>(error).is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
        error.is_remote() && (refused || error.is_go_away())
    })
}

/// Whether a pooled connection ended under a request, before any byte of the response.
fn is_stale(error: &Error) -> bool {
    let ended = find::<hyper::Error>(error).is_some_and(|error| {
        error.is_incomplete_message()
            || error.is_closed()
            || find::<std::io::Error>(error).is_some_and(has_ended)
    });
    ended && error.connect_info().is_some_and(History::is_stale)
}

fn has_ended(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof
    )
}
