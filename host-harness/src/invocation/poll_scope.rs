//! What is known of the poll of an invocation on this thread.
//!
//! While an invocation runs, its store is borrowed by the call, and nothing else can access it. Host functions
//! therefore leave what concerns the poll in a thread-local. The task takes it as soon as the poll returns.
//!
//! Three things about threads are kept elsewhere. `pool::SlotScope` has what the pool asks for while wasmtime
//! allocates, below this module. The watchdog's counter is read by another thread. And whether a thread is one of
//! the background holds for all polls on it.

use std::cell::Cell;

use super::cpu_span::Span;
use super::started::StartedResponse;
use crate::pool::{Owner, SlotScope};

thread_local! {
    static CURRENT: Current = const {
        Current {
            started: Cell::new(None),
            span: Cell::new(None),
            is_long: Cell::new(false),
        }
    };
}

struct Current {
    /// The response that the invocation has started in this poll.
    started: Cell<Option<Box<StartedResponse>>>,
    /// The time that the invocation computes now, if it is measured.
    span: Cell<Option<Span>>,
    /// The invocation has used up its first slice.
    is_long: Cell<bool>,
}

/// The poll of an invocation, until this is dropped or [left](Self::leave).
///
/// Scopes nest, because a caller polls its callees. The outer one continues afterwards, also after a panic.
#[must_use]
pub(crate) struct PollScope {
    outer_started: Option<Box<StartedResponse>>,
    outer_is_long: bool,
    _slots: SlotScope,
}

/// What an invocation reported during a poll.
pub(crate) struct PollReport {
    /// The response that it started.
    pub(crate) started: Option<Box<StartedResponse>>,
    /// Whether it has used up its first slice.
    pub(crate) is_long: bool,
}

impl PollScope {
    pub(crate) fn enter(owner: Owner) -> Self {
        CURRENT.with(|current| Self {
            outer_started: current.started.take(),
            outer_is_long: current.is_long.take(),
            _slots: SlotScope::enter(owner),
        })
    }

    pub(crate) fn leave(self) -> PollReport {
        CURRENT.with(|current| PollReport {
            started: current.started.take(),
            is_long: current.is_long.get(),
        })
    }
}

impl Drop for PollScope {
    fn drop(&mut self) {
        // Fails only while the thread ends, and then nobody reads the values.
        let _ = CURRENT.try_with(|current| {
            current.started.set(self.outer_started.take());
            current.is_long.set(self.outer_is_long);
        });
    }
}

/// Reports a response to the task that polls this invocation.
pub(crate) fn announce(started: Box<StartedResponse>) {
    CURRENT.with(|current| current.started.set(Some(started)));
}

/// What the invocation on this thread computes now, if it is measured.
pub(super) fn span() -> Option<Span> {
    CURRENT.with(|current| current.span.get())
}

pub(super) fn set_span(span: Option<Span>) {
    CURRENT.with(|current| current.span.set(span));
}

/// Sets whether the invocation on this thread has used up its first slice.
pub(super) fn set_long(is_long: bool) {
    CURRENT.with(|current| current.is_long.set(is_long));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::message::head::Head;
    use crate::message::headers::HeaderLimit;
    use crate::message::pipe::Pipe;

    fn start(status: u16) {
        announce(Box::new(StartedResponse {
            head: Head::new(status, Vec::new(), HeaderLimit::MAX).unwrap(),
            pipe: Arc::new(Pipe::new()),
        }));
    }

    fn status(left: PollReport) -> Option<u16> {
        left.started.map(|started| started.head.status.as_u16())
    }

    /// Each poll reports what its own invocation left, also if polls nest.
    #[test]
    fn nested_polls_report_their_own() {
        let outer = PollScope::enter(Owner::new());
        start(201);
        set_long(true);
        let silent = PollScope::enter(Owner::new()).leave();
        assert!(silent.started.is_none() && !silent.is_long);
        let inner = PollScope::enter(Owner::new());
        start(202);
        assert_eq!(status(inner.leave()), Some(202));
        // One that ends by a panic takes nothing along.
        let panicked = std::panic::catch_unwind(|| {
            let _scope = PollScope::enter(Owner::new());
            start(203);
            set_long(false);
            panic!("on purpose");
        });
        assert!(panicked.is_err());
        let outer = outer.leave();
        assert!(outer.is_long);
        assert_eq!(status(outer), Some(201));
        assert_eq!(status(PollScope::enter(Owner::new()).leave()), None);
    }
}
