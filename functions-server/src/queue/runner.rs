//! How the attempts of a source are run.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use host_harness::{Harness, InvocationError, InvocationReport, InvokeOptions};
use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};
use tokio::sync::Notify;

use super::message::{RequestHead, ResponseHead};
use crate::store::Time;
use crate::store::invocations::StoredMessage;

/// The longest result, in bytes.
pub(crate) const MAX_RESULT: usize = 8 << 20;

/// How long to wait when the host has no room.
pub(crate) const HOST_PAUSE: Duration = Duration::from_millis(20);

/// An attempt that has to be run.
#[derive(Debug)]
pub(crate) struct AttemptRequest {
    pub(crate) function: Arc<str>,
    pub(crate) request: StoredMessage,
    pub(crate) accepted: Time,
}

/// How an attempt ended.
#[derive(Debug)]
pub(crate) enum AttemptOutcome {
    /// With a result, whatever its status is.
    Succeeded(StoredMessage),
    /// A retry may help.
    Failed(String, Option<StoredMessage>),
    /// No retry helps.
    Rejected(String),
}

/// The future of an attempt. Dropping it ends the attempt.
pub(crate) type AttemptFuture = Pin<Box<dyn Future<Output = AttemptOutcome> + Send>>;

/// Runs an attempt with the room that was taken for it. Dropping it gives the room back.
pub(crate) type StartAttempt = Box<dyn FnOnce(AttemptRequest) -> AttemptFuture + Send>;

/// The position of a function's attempts in the line for room. Dropping it leaves the line.
pub(crate) type QueuePosition = Box<dyn Debug + Send>;

/// Runs the attempts of what one API accepted.
pub(crate) trait Runner: Send + Sync + 'static {
    /// Takes room for an attempt of a function, before it is on the disk that the attempt begins.
    ///
    /// # Errors
    ///
    /// The position in line, if there is no room: `position`, or a new one. The queue asks again when [`Freed::tell`]
    /// was called, first for those that were in line first.
    fn start(
        &self,
        function: &Arc<str>,
        position: Option<QueuePosition>,
    ) -> Result<StartAttempt, QueuePosition>;
}

/// Tells a queue that there may be something to run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Freed {
    wake: Arc<Notify>,
    is_freed: Arc<AtomicBool>,
}

impl Freed {
    /// Attempts that had no room may have some.
    pub(crate) fn tell(&self) {
        self.is_freed.store(true, Ordering::Release);
        self.wake();
    }

    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Whether room was freed since this was asked.
    pub(super) fn take(&self) -> bool {
        self.is_freed.swap(false, Ordering::AcqRel)
    }

    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }
}

/// Invokes functions with the requests that were accepted.
pub(super) struct FunctionRunner(pub(super) Harness);

impl Runner for FunctionRunner {
    fn start(&self, _: &Arc<str>, _: Option<QueuePosition>) -> Result<StartAttempt, QueuePosition> {
        let harness = self.0.clone();
        Ok(Box::new(|attempt| {
            Box::pin(async move { invoke(&harness, attempt).await })
        }))
    }
}

/// Whether an invocation ended before its function began: requests of others have taken the function's or the
/// host's room. That is not a failure of this invocation.
pub(crate) fn only_waited(
    error: &InvocationError,
    called: &OnceLock<Instant>,
    report: &InvocationReport,
) -> bool {
    match error.reason() {
        "overloaded" => called.get().is_none(),
        // An instance that takes too long to create has begun.
        "timeout" => report.invocation().is_none(),
        _ => false,
    }
}

async fn invoke(harness: &Harness, attempt: AttemptRequest) -> AttemptOutcome {
    let AttemptRequest {
        function, request, ..
    } = attempt;
    let head = match RequestHead::parse(&request) {
        Ok(head) => head,
        Err(damaged) => return AttemptOutcome::Rejected(damaged.to_string()),
    };
    let mut options = InvokeOptions::default();
    options.token_metadata = head.token_metadata.as_deref().map(Arc::from);
    options.peer = head.peer;
    options.request_id = head.request_id.as_deref().map(Arc::from);
    let called = Arc::new(OnceLock::new());
    options.called = Some(called.clone());
    let report = InvocationReport::default();
    let response = loop {
        let mut request = match head.to_request(request.body.clone()) {
            Ok(request) => request,
            Err(damaged) => return AttemptOutcome::Rejected(damaged.to_string()),
        };
        request.extensions_mut().insert(report.clone());
        match harness.invoke(&function, request, options.clone()).await {
            Ok(response) => break response,
            Err(error) if error.is_not_found() => {
                return AttemptOutcome::Rejected(
                    "the function was deleted before it started".to_owned(),
                );
            }
            Err(error) if only_waited(&error, &called, &report) => {
                tokio::time::sleep(HOST_PAUSE).await;
            }
            Err(error) => return AttemptOutcome::Failed(error.to_string(), None),
        }
    };
    let head = ResponseHead::new(response.status(), response.headers());
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_RESULT).collect();
    let body: Bytes = match body.await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            let text = format!("the result is longer than {MAX_RESULT} bytes");
            return AttemptOutcome::Rejected(text);
        }
        Err(error) => {
            return AttemptOutcome::Failed(format!("the result broke off: {error}"), None);
        }
    };
    let result = head.store(body);
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        let text = format!("the function answered with status {status}");
        return AttemptOutcome::Failed(text, Some(result));
    }
    AttemptOutcome::Succeeded(result)
}
