use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use crate::invocation::cpu_time::CpuTimed;
use crate::invocation::report::InvocationReport;
use crate::telemetry::metrics::FunctionCounters;

/// A call of a function whose times are counted when it ends or is dropped.
///
/// The measurement of the CPU time has read the clock already.
pub(super) struct TimedCall<'a, F> {
    call: CpuTimed<'a, F>,
    counters: &'a Arc<FunctionCounters>,
    report: Option<InvocationReport>,
    /// When its request arrived.
    arrived: Instant,
    has_ended: bool,
}

impl<'a, F> TimedCall<'a, F> {
    pub(super) fn new(
        call: CpuTimed<'a, F>,
        counters: &'a Arc<FunctionCounters>,
        report: Option<InvocationReport>,
        arrived: Instant,
    ) -> Self {
        Self {
            call,
            counters,
            report,
            arrived,
            has_ended: false,
        }
    }

    fn count(&self, started: Instant, ended: Instant) {
        let queued = started.saturating_duration_since(self.arrived);
        let ran = ended.saturating_duration_since(started);
        self.counters.ran(queued, ran);
        if let Some(report) = &self.report {
            report.end(ran, self.call.total());
        }
    }
}

impl<F: Future + Unpin> Future for TimedCall<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let polled = Pin::new(&mut self.call).poll(cx);
        if polled.is_ready()
            && let Some((started, ended)) = self.call.span()
        {
            self.has_ended = true;
            self.count(started, ended);
        }
        polled
    }
}

impl<F> Drop for TimedCall<'_, F> {
    /// A function that is ended may have waited since its last poll.
    fn drop(&mut self) {
        if !self.has_ended
            && let Some((started, _)) = self.call.span()
        {
            self.count(started, Instant::now());
        }
    }
}
