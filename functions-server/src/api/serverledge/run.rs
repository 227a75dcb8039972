//! One run of a function, on what it has taken of the node.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use host_harness::{InvocationReport, InvokeOptions};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use serde::{Deserialize, Serialize};

use super::ServerledgeApi;
use super::node::{Demand, RunningInstance};
use crate::queue::only_waited;

/// The longest result, in bytes.
const MAX_RESULT: usize = 8 << 20;

/// The input of a run, and whether it returns output.
#[derive(Debug, Clone)]
pub(super) struct RunInput {
    pub(super) params: Bytes,
    pub(super) returns_output: bool,
}

/// Why a run has no result.
#[derive(Debug)]
pub(super) enum RunError {
    /// The node or the host has no room at this moment.
    NoCapacity,
    Function(String),
}

/// A run that had a result.
#[derive(Debug)]
pub(super) struct CompletedRun {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) result: String,
    is_warm_start: bool,
    /// From the beginning, or the arrival of the request, to the call of the function.
    init: Duration,
    /// From there to the end.
    duration: Duration,
    output: String,
    node: String,
}

/// The outcome of an invocation. All keys are always there.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Report {
    pub(super) success: bool,
    pub(super) result: String,
    response_time: f64,
    pub(super) is_warm_start: bool,
    pub(super) init_time: f64,
    queueing_time: f64,
    offload_latency: f64,
    pub(super) duration: f64,
    sched_action: String,
    output: String,
    execution_area: String,
    execution_node: String,
}

impl CompletedRun {
    /// The report of an invocation that was queued for some time before.
    pub(super) fn report(self, queued: Duration) -> Report {
        Report {
            success: true,
            result: self.result,
            response_time: (queued + self.init + self.duration).as_secs_f64(),
            is_warm_start: self.is_warm_start,
            init_time: self.init.as_secs_f64(),
            queueing_time: queued.as_secs_f64(),
            duration: self.duration.as_secs_f64(),
            output: self.output,
            execution_area: "ROME".to_owned(),
            execution_node: self.node,
            ..Report::default()
        }
    }
}

/// The headers of the request that parameters stand for.
pub(super) fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers
}

/// What an instance of a function takes of the node.
pub(super) fn demand(api: &ServerledgeApi, function: &str) -> Demand {
    let served = api.server.deployments().served(function);
    let default = api.server.harness().limits().memory;
    let memory = served.as_ref().and_then(|served| served.memory());
    let memory = memory.unwrap_or(default as u64);
    Demand {
        function: function.into(),
        version: served.as_ref().map(|served| served.serial),
        memory: memory.div_ceil(1 << 20),
        cpus: served.map_or(0.0, |served| served.cpus()),
    }
}

/// Runs a function once.
pub(super) async fn run(
    api: &ServerledgeApi,
    running: &mut RunningInstance,
    input: RunInput,
    mut options: InvokeOptions,
    arrived: Instant,
) -> Result<CompletedRun, RunError> {
    let outputs = api.server.outputs();
    let output = input
        .returns_output
        .then(|| outputs.collect(options.invocation));
    let called = Arc::new(OnceLock::new());
    options.called = Some(called.clone());
    let mut request = Request::new(Full::new(input.params));
    *request.method_mut() = http::Method::POST;
    *request.headers_mut() = headers();
    let report = InvocationReport::default();
    request.extensions_mut().insert(report.clone());
    let harness = api.server.harness();
    let invoked = harness.invoke(&running.demand().function, request, options);
    let response = invoked.await.map_err(|error| {
        match only_waited(&error, &called, &report) {
            true => RunError::NoCapacity,
            // Also if the host had no room for its result.
            false => RunError::Function(error.to_string()),
        }
    })?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, MAX_RESULT).collect().await;
    let body =
        body.map_err(|error| RunError::Function(format!("the result broke off: {error}")))?;
    let ended = Instant::now();
    let is_warm_start = running.is_warm;
    // Also if the function's answer is not a valid result: the function has not failed.
    running.keep();
    let result = result(parts.status, body.to_bytes())?;
    let started = called.get().copied().unwrap_or(arrived);
    let output = output.map(|output| output.text()).unwrap_or_default();
    Ok(CompletedRun {
        output,
        status: parts.status,
        headers: parts.headers,
        result,
        is_warm_start,
        init: started.saturating_duration_since(arrived),
        duration: ended.saturating_duration_since(started),
        node: api.options.node.clone(),
    })
}

/// The result that a response has.
fn result(status: StatusCode, body: Bytes) -> Result<String, RunError> {
    if !status.is_success() {
        let text = format!("the function answered with status {status}");
        return Err(RunError::Function(text));
    }
    String::from_utf8(body.into())
        .map_err(|_| RunError::Function("the function's result is not UTF-8".to_owned()))
}
