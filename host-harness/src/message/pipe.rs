use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

/// How many bytes may wait for the client before the function has to wait. The last chunk may exceed
/// this.
const MAX_QUEUED: usize = 64 * 1024;

/// Bytes on their way from a function to its client.
pub(crate) struct Pipe {
    inside: Mutex<Inside>,
}

struct Inside {
    /// Chunks that were written before the client took any, joined.
    queued: Vec<u8>,
    end: End,
    /// The waker of the function that waits for room. One waker covers all its pollables.
    waiting: Option<Waker>,
}

/// The state of a function's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// More may follow.
    Open,
    /// The body is complete.
    Finished,
    /// Nothing follows, and the body is incomplete.
    Cut,
}

impl Pipe {
    pub(crate) fn new() -> Self {
        Self {
            inside: Mutex::new(Inside {
                queued: Vec::new(),
                end: End::Open,
                waiting: None,
            }),
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a chunk may be written. Its length does not matter, since the host holds it already.
    pub(crate) fn has_room(&self) -> bool {
        self.inside().has_room()
    }

    /// Waits for room, or for the end.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut inside = self.inside();
        if inside.has_room() || inside.end != End::Open {
            return Poll::Ready(());
        }
        inside.waiting = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(crate) fn push(&self, chunk: Vec<u8>) {
        let mut inside = self.inside();
        if inside.queued.is_empty() {
            inside.queued = chunk;
        } else {
            inside.queued.extend_from_slice(&chunk);
        }
    }

    pub(crate) fn end(&self, end: End) {
        let mut inside = self.inside();
        inside.end = end;
        inside.wake();
    }

    /// Takes everything that waits for the client, if anything does.
    pub(crate) fn take(&self) -> Option<Bytes> {
        let mut inside = self.inside();
        if inside.queued.is_empty() {
            return None;
        }
        let bytes = std::mem::take(&mut inside.queued);
        inside.wake();
        Some(bytes.into())
    }

    /// How many bytes wait for the client.
    pub(crate) fn queued(&self) -> usize {
        self.inside().queued.len()
    }

    pub(crate) fn ended(&self) -> End {
        self.inside().end
    }
}

impl Inside {
    fn has_room(&self) -> bool {
        self.queued.len() < MAX_QUEUED
    }

    fn wake(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            waiting.wake();
        }
    }
}

impl std::fmt::Debug for Pipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipe")
            .field("queued", &self.queued())
            .field("end", &self.ended())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt as _;

    use super::*;

    fn filled_with(length: usize) -> Pipe {
        let pipe = Pipe::new();
        pipe.push(vec![0; length]);
        pipe
    }

    /// There is room below the limit, and at the limit none until everything is taken.
    #[test]
    fn room_is_bounded() {
        for (length, room) in [
            (0, true),
            (MAX_QUEUED - 1, true),
            (MAX_QUEUED, false),
            (MAX_QUEUED + 1, false),
        ] {
            let pipe = filled_with(length);
            assert_eq!(pipe.has_room(), room, "{length}");
            let waited = poll_fn(|cx| pipe.poll_room(cx)).now_or_never();
            assert_eq!(waited.is_some(), room, "{length}");
            assert_eq!(pipe.take().map_or(0, |bytes| bytes.len()), length);
            assert!(pipe.has_room());
        }
    }

    /// Small chunks that wait leave joined, in order; a single one leaves as it is.
    #[test]
    fn chunks_coalesce() {
        let pipe = Pipe::new();
        assert_eq!(pipe.take(), None);
        pipe.push(Vec::from("alone"));
        assert_eq!(pipe.take().unwrap(), "alone");
        for chunk in ["one ", "", "two ", "three"] {
            pipe.push(Vec::from(chunk));
        }
        assert_eq!(pipe.take().unwrap(), "one two three");
        assert_eq!(pipe.take(), None);
    }

    /// A function that waits for room is woken when there is some, and when the body ends.
    #[tokio::test]
    async fn waiting_function_is_woken_by_room_or_end() {
        let pipe = filled_with(MAX_QUEUED);
        let room = poll_fn(|cx| pipe.poll_room(cx));
        tokio::join!(room, async { drop(pipe.take()) });
        let pipe = filled_with(MAX_QUEUED);
        let room = poll_fn(|cx| pipe.poll_room(cx));
        tokio::join!(room, async { pipe.end(End::Finished) });
    }
}
