//! How the start of a response gets out of the invocation.
//!
//! While an invocation runs, its store belongs to the call, and nobody else can look into it. What
//! `start` has to say is left with the thread, and taken by whoever polled the invocation as soon as
//! that poll returns: an invocation that streams nothing pays for two looks at a thread-local.

use std::cell::Cell;
use std::sync::Arc;

use crate::message::head::Head;
use crate::message::pipe::Pipe;

thread_local! {
    /// The response that the invocation which this thread is polling has begun.
    static BEGUN: Cell<Option<Box<StartedResponse>>> = const { Cell::new(None) };
}

/// A response that has begun. In a box: every poll passes on that there is none.
#[derive(Debug)]
pub(crate) struct StartedResponse {
    pub(crate) head: Head,
    pub(crate) pipe: Arc<Pipe>,
}

/// Tells whoever polls this invocation.
pub(crate) fn announce(started: Box<StartedResponse>) {
    BEGUN.set(Some(started));
}

/// Polls an invocation, and returns also the response that it began in that very poll.
pub(crate) fn watch<T>(poll: impl FnOnce() -> T) -> (T, Option<Box<StartedResponse>>) {
    // One invocation may be polled inside another that has just begun its own response.
    let outer = BEGUN.take();
    let polled = poll();
    (polled, BEGUN.replace(outer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::headers::HeaderLimit;

    fn begin(status: u16) {
        announce(Box::new(StartedResponse {
            head: Head::new(status, Vec::new(), HeaderLimit::MAX).unwrap(),
            pipe: Arc::new(Pipe::new()),
        }));
    }

    /// Each poll tells of its own invocation, also where one is polled inside another.
    #[test]
    fn polls_may_nest() {
        let (inner, outer) = watch(|| {
            begin(201);
            let ((), silent) = watch(|| ());
            assert!(silent.is_none());
            watch(|| begin(202)).1
        });
        assert_eq!(inner.unwrap().head.status, 202);
        assert_eq!(outer.unwrap().head.status, 201);
        assert!(watch(|| ()).1.is_none());
    }
}
