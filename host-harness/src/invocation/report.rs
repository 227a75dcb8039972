use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::Invocation;
use crate::telemetry::InvocationId;

/// What one invocation did, for a test or a tool that sent the request.
///
/// Put one into the request's extensions. It is filled while the function runs, and complete once the
/// response's body has ended. Requests without one cost nothing.
///
/// ```no_run
/// # async fn run(harness: host_harness::Harness) -> Result<(), Box<dyn std::error::Error>> {
/// use host_harness::InvocationReport;
///
/// let report = InvocationReport::default();
/// let request = http::Request::get("/weather").extension(report.clone()).body(String::new())?;
/// let response = harness.handle(request).await;
/// assert_eq!(response.status(), 200);
/// assert_eq!(report.outbound_requests(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct InvocationReport {
    inner: Arc<ReportInner>,
}

#[derive(Default)]
struct ReportInner {
    started: OnceLock<StartedInvocation>,
    times: OnceLock<Times>,
    memory: OnceLock<usize>,
    calls: AtomicU32,
    requests: AtomicU32,
}

struct StartedInvocation {
    invocation: InvocationId,
    version: String,
}

struct Times {
    ran: Duration,
    cpu: Duration,
}

impl InvocationReport {
    /// The report that a request carries.
    pub(crate) fn of(invocation: &Invocation) -> Option<&Self> {
        invocation.request.extensions.get()
    }

    /// The report that a request carries, from the start of its function on.
    pub(crate) fn started(invocation: &Invocation) -> Option<Self> {
        let report = Self::of(invocation)?.clone();
        report.start(invocation);
        Some(report)
    }

    /// The version of the function that runs, or ran; `None` if none was started.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        let started = self.inner.started.get();
        started.map(|started| started.version.as_str())
    }

    /// The id by which the log has the invocation; `None` if the function was not started.
    #[must_use]
    pub fn invocation(&self) -> Option<InvocationId> {
        let started = self.inner.started.get();
        started.map(|started| started.invocation)
    }

    /// From the start of the function to its end; `None` until then.
    #[must_use]
    pub fn run_time(&self) -> Option<Duration> {
        self.inner.times.get().map(|times| times.ran)
    }

    /// How much CPU time the function used; `None` until it has ended. Below a millisecond, the time that
    /// its thread waited for a processor counts too.
    #[must_use]
    pub fn cpu_time(&self) -> Option<Duration> {
        self.inner.times.get().map(|times| times.cpu)
    }

    /// The size of the function's memory at its end, in bytes; `None` until then, and if the function was
    /// cut off.
    #[must_use]
    pub fn memory(&self) -> Option<usize> {
        self.inner.memory.get().copied()
    }

    /// How many calls of other functions it has made.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.inner.calls.load(Ordering::Relaxed)
    }

    /// How many requests to other servers it has made. Redirects and retries do not count.
    #[must_use]
    pub fn outbound_requests(&self) -> u32 {
        self.inner.requests.load(Ordering::Relaxed)
    }

    fn start(&self, invocation: &Invocation) {
        // A report that is used for two requests keeps what it has of the first.
        let _ = self.inner.started.set(StartedInvocation {
            invocation: invocation.id,
            version: invocation
                .function
                .version
                .get()
                .cloned()
                .unwrap_or_default(),
        });
    }

    pub(crate) fn end(&self, ran: Duration, cpu: Duration) {
        let _ = self.inner.times.set(Times { ran, cpu });
    }

    pub(crate) fn set_memory(&self, bytes: usize) {
        let _ = self.inner.memory.set(bytes);
    }

    pub(crate) fn count_call(&self) {
        self.inner.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_request(&self) {
        self.inner.requests.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for InvocationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvocationReport")
            .field("version", &self.version())
            .field("run_time", &self.run_time())
            .field("cpu_time", &self.cpu_time())
            .field("memory", &self.memory())
            .field("calls", &self.calls())
            .field("outbound_requests", &self.outbound_requests())
            .finish_non_exhaustive()
    }
}
