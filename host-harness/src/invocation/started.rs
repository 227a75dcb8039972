//! Reports the start of a streamed response to the task that polls the invocation.
//!
//! While an invocation runs, its store is borrowed by the call, and nothing else can access it. `start`
//! therefore leaves the response in a thread-local. The task takes it as soon as the poll returns. An
//! invocation that does not stream pays for two accesses to that thread-local.

use std::cell::Cell;
use std::sync::Arc;

use crate::message::head::Head;
use crate::message::pipe::Pipe;

thread_local! {
    /// The response that the invocation on this thread has started.
    static STARTED: Cell<Option<Box<StartedResponse>>> = const { Cell::new(None) };
}

/// A response that has started. Boxed, because every poll passes an `Option` of it on.
#[derive(Debug)]
pub(crate) struct StartedResponse {
    pub(crate) head: Head,
    pub(crate) pipe: Arc<Pipe>,
}

/// Reports a response to the task that polls this invocation.
pub(crate) fn announce(started: Box<StartedResponse>) {
    STARTED.set(Some(started));
}

/// Polls an invocation, and also returns the response that it started in that poll.
pub(crate) fn watch<T>(poll: impl FnOnce() -> T) -> (T, Option<Box<StartedResponse>>) {
    // The poll may be nested in one of another invocation, which has just started its own response.
    let outer = STARTED.take();
    let polled = poll();
    (polled, STARTED.replace(outer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::headers::HeaderLimit;

    fn start(status: u16) {
        announce(Box::new(StartedResponse {
            head: Head::new(status, Vec::new(), HeaderLimit::MAX).unwrap(),
            pipe: Arc::new(Pipe::new()),
        }));
    }

    /// Each poll reports its own invocation's response, also if polls nest.
    #[test]
    fn nested_polls_report_their_own_response() {
        let (inner, outer) = watch(|| {
            start(201);
            let ((), silent) = watch(|| ());
            assert!(silent.is_none());
            watch(|| start(202)).1
        });
        assert_eq!(inner.unwrap().head.status, 202);
        assert_eq!(outer.unwrap().head.status, 201);
        assert!(watch(|| ()).1.is_none());
    }
}
