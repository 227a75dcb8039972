//! Measures the CPU time of an invocation, without the time that it or its thread waits.
//!
//! Reading a thread's CPU time is a system call. Two for every poll would cost short invocations more
//! than all other limits together. An invocation is therefore first measured with the wall clock, which
//! needs none. Each poll then counts as at most one [`SLICE`], however long its thread was descheduled.
//! The thread's own clock counts as soon as the time is checked because an epoch has passed, or as soon
//! as many short polls have used up a slice.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::cpu_bound::CpuBound;
pub(crate) use super::cpu_bound::SLICE;
use super::cpu_span::{Moment, Span, Usage};
use super::poll_scope;

/// What the invocation on this thread has used so far. Makes a system call: use it only when some time
/// has passed.
pub(crate) fn used() -> Duration {
    let Some(span) = poll_scope::span() else {
        return Duration::ZERO;
    };
    let now = Moment::now(true);
    let before = Usage {
        exact: true,
        ..span.usage(now)
    };
    poll_scope::set_span(Some(Span { since: now, before }));
    before.total
}

/// A future whose time in `poll` is measured, and can be read from inside. Its function is charged for it.
#[must_use]
pub(crate) struct CpuTimed<'a, F> {
    future: F,
    usage: Usage,
    span: Option<(Instant, Instant)>,
    function: &'a CpuBound,
}

impl<'a, F> CpuTimed<'a, F> {
    pub(crate) fn new(future: F, function: &'a CpuBound) -> Self {
        let usage = Usage {
            exact: function.is_suspected(),
            ..Usage::default()
        };
        Self {
            future,
            usage,
            span: None,
            function,
        }
    }

    /// When the first poll started, and when the last one ended.
    pub(crate) fn span(&self) -> Option<(Instant, Instant)> {
        self.span
    }

    /// How much CPU time was used.
    pub(crate) fn total(&self) -> Duration {
        self.usage.total
    }
}

impl<F: Future + Unpin> Future for CpuTimed<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self {
            future,
            usage,
            span,
            function,
        } = &mut *self;
        let _guard = PollGuard::enter(usage, span, function);
        Pin::new(future).poll(cx)
    }
}

/// The measurement of one poll. Ends when dropped, also by a panic: the caller may continue.
struct PollGuard<'a> {
    usage: &'a mut Usage,
    span: &'a mut Option<(Instant, Instant)>,
    function: &'a CpuBound,
    started: Moment,
    outer: Option<Span>,
}

impl<'a> PollGuard<'a> {
    fn enter(
        usage: &'a mut Usage,
        span: &'a mut Option<(Instant, Instant)>,
        function: &'a CpuBound,
    ) -> Self {
        let outer = poll_scope::span();
        let started = Moment::now(usage.exact || outer.is_some_and(|outer| outer.before.exact));
        poll_scope::set_span(Some(Span {
            since: started,
            before: *usage,
        }));
        Self {
            usage,
            span,
            function,
            started,
            outer,
        }
    }
}

impl Drop for PollGuard<'_> {
    fn drop(&mut self) {
        let own = poll_scope::span();
        let spans = [own, self.outer];
        let exact = spans.iter().flatten().any(|span| span.before.exact);
        let ended = Moment::now(exact);
        let first = self.span.map_or(self.started.wall, |(first, _)| first);
        *self.span = Some((first, ended.wall));
        // A nested invocation ran within the caller's span, which must not be charged for it.
        if let Some(outer) = &mut self.outer {
            outer.skip(self.started, ended);
        }
        poll_scope::set_span(self.outer);
        if let Some(own) = own {
            *self.usage = own.usage(ended);
            let Usage {
                total, measured, ..
            } = *self.usage;
            self.function.record(total, measured, ended.wall);
            poll_scope::set_long(self.usage.is_long());
        }
    }
}

#[cfg(test)]
mod tests;
