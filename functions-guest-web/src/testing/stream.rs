//! What is streamed, for the test that is running on this thread.

use std::cell::RefCell;

use functions_bytes::__private::waits;

use super::host::{Head, MAX_QUEUED};
use crate::stream::error::StreamError;

/// A response that was streamed.
#[derive(Debug, Default)]
pub(crate) struct Streamed {
    pub(super) head: Head,
    pub(super) body: Vec<u8>,
    pub(super) finished: bool,
    /// A chunk found no room, so that the head was sent before the end was known.
    was_full: bool,
    /// How often this thread had waited for anything when the stream began.
    waits: u64,
}

impl Streamed {
    /// The body's length, where the host knows it before it sends the head: the function had ended by
    /// then.
    pub(super) fn known_length(&self) -> Option<u64> {
        let is_known = self.finished && !self.was_full && self.waits == waits();
        is_known.then_some(self.body.len() as u64)
    }
}

thread_local! {
    static CAPTURED: RefCell<Vec<Option<Streamed>>> = const { RefCell::new(Vec::new()) };
}

/// Runs something, and returns what it streamed.
pub(crate) fn captured<T>(run: impl FnOnce() -> T) -> (T, Option<Streamed>) {
    CAPTURED.with_borrow_mut(|all| all.push(None));
    let result = run();
    (result, CAPTURED.with_borrow_mut(Vec::pop).flatten())
}

/// The client's end, which takes everything.
#[derive(Debug)]
pub(crate) struct Writer(());

pub(crate) fn start(status: u16, headers: &[(String, Vec<u8>)]) -> Result<Writer, StreamError> {
    CAPTURED.with_borrow_mut(|all| match all.last_mut() {
        Some(Some(_)) => Err(StreamError::Started),
        Some(place) => {
            *place = Some(Streamed {
                head: Head::new(status, headers).map_err(StreamError::Invalid)?,
                waits: waits(),
                ..Streamed::default()
            });
            Ok(Writer(()))
        }
        None => Err(StreamError::Other("no request to answer".into())),
    })
}

fn current<T>(look: impl FnOnce(&mut Streamed) -> T) -> Result<T, StreamError> {
    CAPTURED.with_borrow_mut(|all| match all.last_mut() {
        Some(Some(streamed)) => Ok(look(streamed)),
        _ => Err(StreamError::Closed),
    })
}

impl Writer {
    pub(crate) fn write(&self, chunk: &[u8]) -> Result<(), StreamError> {
        current(|streamed| {
            streamed.was_full |= streamed.body.len() >= MAX_QUEUED;
            streamed.body.extend_from_slice(chunk);
        })
    }

    #[expect(clippy::unused_async, reason = "the host's waits")]
    pub(crate) async fn write_async(&mut self, chunk: &[u8]) -> Result<(), StreamError> {
        self.write(chunk)
    }

    pub(crate) fn finish(self) -> Result<(), StreamError> {
        current(|streamed| streamed.finished = true)
    }
}
