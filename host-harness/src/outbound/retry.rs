//! Which requests that failed are sent once more.
//!
//! A request that no server has processed can be sent again, whatever it asks for (RFC 9113, section
//! 8.7). One that a server may have processed, only where twice is as good as once (RFC 9110, section
//! 9.2.2).

use std::time::Duration;

use h2::Reason;
use hyper_util::client::legacy::Error;

use super::client::Failed;
use super::error::find;
use super::history::History;
use super::outgoing::Outgoing;

/// How often a request is sent again that was not processed.
const MAX_UNPROCESSED: u32 = 4;

/// How long it waits before that for the second time; twice as long before each further one. The first
/// time it need not wait: there is a new connection, or room on the old one.
const PAUSE: Duration = Duration::from_millis(50);

/// How a request is sent once more.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// After a pause, on any connection.
    After(Duration),
    /// On a new connection: other kept ones may have ended as this one has.
    OnNewConnection,
}

/// How often one request was sent, and why.
#[derive(Debug, Default)]
pub(super) struct Retries {
    unprocessed: u32,
    stale: bool,
}

impl Retries {
    /// Whether a request that failed is sent once more, and how.
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

/// Whether the server says that it did not process the request, or it was never sent.
fn is_unprocessed(error: &Error) -> bool {
    if find::<hyper::Error>(error).is_some_and(hyper::Error::is_canceled) {
        return true;
    }
    // Of a connection that the server ends, h2 fails the streams beyond the last one that it processes
    // with the server's GOAWAY. Those before end in another error, if they do.
    find::<h2::Error>(error).is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
        error.is_remote() && (refused || error.is_go_away())
    })
}

/// Whether a kept connection ended under a request, before there was any of a response.
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
