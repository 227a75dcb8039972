//! Invokes functions.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use host_harness::InvokeOptions;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt as _, Full, Limited};
use serde::Serialize;

use super::body::{self, MAX_OTHER};
use super::decode::{Fields, Invalid};
use super::node::{Demand, NoCapacity, Running};
use super::{Api, answer, status};
use crate::api::Connection;

/// The longest result, in bytes.
const MAX_RESULT: usize = 8 << 20;

/// What a client asks for.
#[derive(Debug)]
struct Asked {
    params: Option<String>,
    is_async: bool,
}

/// What came of an invocation. All keys are always there.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Report {
    success: bool,
    result: String,
    response_time: f64,
    is_warm_start: bool,
    init_time: f64,
    queueing_time: f64,
    offload_latency: f64,
    duration: f64,
    sched_action: String,
    output: String,
    execution_area: String,
    execution_node: String,
}

/// Why a run has no result.
#[derive(Debug)]
pub(super) enum Failed {
    NoCapacity,
    Function(String),
}

pub(super) async fn invoke(
    State(api): State<Api>,
    Path(function): Path<String>,
    request: Request,
) -> Response {
    let arrived = Instant::now();
    let echo = request.headers().get("serverledge-mab-request-id").cloned();
    let mut answer = match invoke_inner(&api, &function, request, arrived).await {
        Ok(answer) | Err(answer) => answer,
    };
    if answer.status() != StatusCode::NOT_FOUND {
        describe_node(&api, &mut answer);
        if let Some(echo) = echo {
            answer
                .headers_mut()
                .insert("serverledge-mab-request-id", echo);
        }
    }
    answer
}

async fn invoke_inner(
    api: &Api,
    function: &str,
    request: Request,
    arrived: Instant,
) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let harness = api.server.harness();
    let peer = parts.extensions.get::<Connection>().map(|of| of.peer);
    let peer = peer.map(|peer| harness.client_address(peer, &parts.headers));
    let admitted = harness.admit(function, &mut parts.headers, peer);
    let token_metadata = admitted.map_err(|error| match error.is_not_found() {
        true => answer::text(StatusCode::NOT_FOUND, "Function unknown"),
        false => answer::text(error.status(), error.to_string()),
    })?;
    let body = body::read(body, MAX_OTHER).await?;
    let asked = Asked::parse(&body).map_err(Invalid::into_response)?;
    if asked.is_async {
        let text = "asynchronous invocations are not supported yet: set Async to false";
        return Err(answer::text(StatusCode::INTERNAL_SERVER_ERROR, text));
    }
    let mut options = InvokeOptions::default();
    options.token_metadata = token_metadata;
    options.peer = peer;
    let demand = demand(api, function);
    let report = run(api, demand, asked.params, options, arrived).await;
    report
        .map(|report| answer::json(StatusCode::OK, &report))
        .map_err(|failed| match failed {
            Failed::NoCapacity => answer::text(StatusCode::TOO_MANY_REQUESTS, ""),
            Failed::Function(reason) => answer::text(StatusCode::INTERNAL_SERVER_ERROR, reason),
        })
}

/// What an instance of a function takes of the node.
pub(super) fn demand(api: &Api, function: &str) -> Demand {
    let served = api.server.deployments().served(function);
    let default = api.server.harness().limits().memory;
    let memory = served.as_ref().and_then(|served| served.memory());
    let memory = memory.unwrap_or(default as u64);
    Demand {
        function: function.into(),
        version: served.as_ref().map(|served| served.version),
        memory: memory.div_ceil(1 << 20),
        cpus: served.map_or(0.0, |served| served.cpus()),
    }
}

/// Runs a function once, if the node has room for it.
pub(super) async fn run(
    api: &Api,
    demand: Demand,
    params: Option<String>,
    mut options: InvokeOptions,
    arrived: Instant,
) -> Result<Report, Failed> {
    let running = api
        .node
        .acquire(demand.clone())
        .map_err(|NoCapacity| Failed::NoCapacity)?;
    let called = Arc::new(OnceLock::new());
    options.called = Some(called.clone());
    let body = Full::from(params.unwrap_or_default());
    let request = http::Request::post("/")
        .header(CONTENT_TYPE, "application/json")
        .body(body);
    let request = request.map_err(|error| Failed::Function(error.to_string()))?;
    let invoked = api
        .server
        .harness()
        .invoke(&demand.function, request, options);
    let response = invoked
        .await
        .map_err(|error| Failed::Function(error.to_string()))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_RESULT)
        .collect()
        .await;
    let ended = Instant::now();
    let body = body.map_err(|error| Failed::Function(format!("the result broke off: {error}")))?;
    if !status.is_success() {
        return Err(Failed::Function(format!(
            "the function answered with status {status}"
        )));
    }
    let result = String::from_utf8(body.to_bytes().into())
        .map_err(|_| Failed::Function("the function's result is not UTF-8".to_owned()))?;
    let is_warm_start = running.is_warm;
    leave_warm(api, running, &demand);
    let started = called.get().copied().unwrap_or(arrived);
    Ok(Report {
        success: true,
        result,
        response_time: (ended - arrived).as_secs_f64(),
        is_warm_start,
        init_time: started.saturating_duration_since(arrived).as_secs_f64(),
        duration: ended.saturating_duration_since(started).as_secs_f64(),
        execution_area: "ROME".to_owned(),
        execution_node: api.options.node.clone(),
        ..Report::default()
    })
}

/// Keeps the instance warm, unless the function was changed meanwhile.
fn leave_warm(api: &Api, running: Running, demand: &Demand) {
    let served = api.server.deployments().served(&demand.function);
    if served.map(|served| served.version) == demand.version {
        running.keep();
    }
}

/// What upstream's load balancer reads.
fn describe_node(api: &Api, answer: &mut Response) {
    let free = api.node.available_memory().to_string();
    answer::insert(answer, "serverledge-node-name", &api.options.node);
    answer::insert(answer, "serverledge-free-mem", &free);
    answer::insert(
        answer,
        "serverledge-timestamp",
        &status::unix_seconds().to_string(),
    );
}

impl Asked {
    fn parse(body: &[u8]) -> Result<Self, Invalid> {
        let fields = Fields::parse(body)?;
        fields.boolean("CanDoOffloading")?;
        fields.boolean("ReturnOutput")?;
        fields.integer("QoSClass")?;
        fields.number("QoSMaxRespT")?;
        Ok(Self {
            params: fields.object("Params")?,
            is_async: fields.boolean("Async")?,
        })
    }
}
