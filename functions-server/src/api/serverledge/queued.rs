//! Asynchronous invocations: accepted by the queue, run on the node's resources, polled by their request id.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::response::Response;
use host_harness::InvokeOptions;
use http::header::RETRY_AFTER;
use http::{HeaderValue, Method, StatusCode};
use serde_json::json;

use super::node::{self, NoCapacity};
use super::run::{self, Report, RunError, RunInput};
use super::{ServerledgeApi, WeakServerledgeApi, answer};
use crate::queue::{
    AttemptOutcome, AttemptRequest, HOST_PAUSE, Offer, OfferError, QueuePosition, RequestHead,
    ResponseHead, Runner, StartAttempt,
};
use crate::store::Time;
use crate::store::invocations::{InvocationState, StoredMessage};

/// The source of the invocations that are accepted here.
pub(super) const SOURCE: &str = "serverledge";

/// How long results are kept, as upstream keeps them.
pub(crate) const RETENTION: (&str, Duration) = (SOURCE, Duration::from_secs(1800));

/// Accepts an invocation. It waits for room on the node when its turn comes.
pub(super) async fn accept(
    api: &ServerledgeApi,
    function: Arc<str>,
    input: RunInput,
    options: &InvokeOptions,
) -> Result<Response, Response> {
    let id = request_id(&function).map_err(|_| internal("the system has no random bytes"))?;
    let mut head = RequestHead::new(&Method::POST, "/".to_owned(), &run::headers());
    head.token_metadata = options.token_metadata.as_deref().map(str::to_owned);
    head.peer = options.peer;
    head.returns_output = input.returns_output;
    let offer = Offer {
        source: SOURCE,
        name: Some(id.clone()),
        function: function.to_string(),
        key: None,
        request: head.store(input.params),
    };
    match api.server.queue().accept(offer).await {
        Ok(_) => Ok(answer::json(StatusCode::OK, &json!({ "ReqId": id }))),
        Err(OfferError::Full(_)) => {
            let mut full = answer::text(StatusCode::TOO_MANY_REQUESTS, "");
            let second = HeaderValue::from_static("1");
            full.headers_mut().insert(RETRY_AFTER, second);
            Err(full)
        }
        Err(error) => {
            let reason: &dyn std::error::Error = &error;
            tracing::error!(error = reason, "an invocation cannot be queued");
            Err(internal("the invocation cannot be queued"))
        }
    }
}

fn internal(text: &str) -> Response {
    answer::text(StatusCode::INTERNAL_SERVER_ERROR, text)
}

/// The function's name and 14 digits. The store refuses one that is taken.
fn request_id(function: &str) -> Result<String, getrandom::Error> {
    let digits = getrandom::u64()? % 100_000_000_000_000;
    Ok(format!("{function}-{digits:014}"))
}

/// Shows the outcome of an invocation; 404 as long as that is not known.
pub(super) async fn poll(State(api): State<ServerledgeApi>, Path(id): Path<String>) -> Response {
    let found = match api.server.queue().find(SOURCE, id).await {
        Ok(found) => found,
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "a result cannot be read");
            return internal("Could not retrieve results");
        }
    };
    let report = match found {
        Some(found) if found.row.state == InvocationState::Succeeded => {
            found.result.as_ref().and_then(report).unwrap_or_default()
        }
        Some(found) if found.row.state.has_ended() => Report::default(),
        _ => return answer::text(StatusCode::NOT_FOUND, ""),
    };
    answer::stored_json(&report)
}

/// The report that was stored with a result.
fn report(message: &StoredMessage) -> Option<Report> {
    let head = ResponseHead::parse(message).ok()?;
    let stored = head.report.map(serde_json::from_value).transpose().ok()?;
    let mut report: Report = stored.unwrap_or_default();
    report.success = (200..300).contains(&head.status);
    report.result = String::from_utf8_lossy(&message.body).into_owned();
    Some(report)
}

/// Runs invocations of this API on the node's resources.
pub(super) struct NodeRunner(pub(super) WeakServerledgeApi);

impl Runner for NodeRunner {
    fn start(
        &self,
        function: &Arc<str>,
        position: Option<QueuePosition>,
    ) -> Result<StartAttempt, QueuePosition> {
        let Some(api) = self.0.upgrade() else {
            return Ok(Box::new(|_| {
                Box::pin(async {
                    AttemptOutcome::Failed("the server is stopping".to_owned(), None)
                })
            }));
        };
        let demand = run::demand(&api, function);
        let has_function = api.server.harness().has_function(function);
        // What can never run begins, so that it ends.
        let running = match has_function && api.node.fits(&demand) {
            true => match api.node.acquire_in_turn(&demand) {
                Ok(running) => Some(running),
                Err(NoCapacity) => {
                    return Err(position.unwrap_or_else(|| Box::new(api.node.wait(demand))));
                }
            },
            false => None,
        };
        Ok(Box::new(|attempt| {
            Box::pin(async move { run_attempt(&api, running, attempt).await })
        }))
    }
}

/// Runs an attempt; `running` is the room that it has, unless it never can have any.
async fn run_attempt(
    api: &ServerledgeApi,
    running: Option<node::RunningInstance>,
    attempt: AttemptRequest,
) -> AttemptOutcome {
    let waited = Time::now().0.saturating_sub(attempt.accepted.0).max(0);
    let queued = Duration::from_millis(waited.unsigned_abs());
    let started = Instant::now();
    if !api.server.harness().has_function(&attempt.function) {
        return AttemptOutcome::Rejected("the function was deleted before it started".to_owned());
    }
    let Some(mut running) = running else {
        return AttemptOutcome::Rejected("the node is too small for the function".to_owned());
    };
    let head = match RequestHead::parse(&attempt.request) {
        Ok(head) => head,
        Err(damaged) => return AttemptOutcome::Rejected(damaged.to_string()),
    };
    let mut options = InvokeOptions::default();
    options.token_metadata = head.token_metadata.as_deref().map(Arc::from);
    options.peer = head.peer;
    let input = RunInput {
        params: attempt.request.body,
        returns_output: head.returns_output,
    };
    loop {
        let ran = run::run(api, &mut running, input.clone(), options.clone(), started).await;
        match ran {
            Ok(ran) => {
                let mut head = ResponseHead::new(ran.status, &ran.headers);
                let mut report = ran.report(queued);
                api.counts.add(&attempt.function, &report);
                let result = std::mem::take(&mut report.result);
                head.report = serde_json::to_value(report).ok();
                return AttemptOutcome::Succeeded(head.store(result.into()));
            }
            // Requests of others have taken the host's room.
            Err(RunError::NoCapacity) => tokio::time::sleep(HOST_PAUSE).await,
            Err(RunError::Function(reason)) => return AttemptOutcome::Failed(reason, None),
        }
    }
}
