//! Invokes functions.

use std::time::{Duration, Instant};

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use host_harness::InvokeOptions;
use http::StatusCode;

use super::body::{self, MAX_OTHER};
use super::decode::{Fields, Invalid};
use super::node::NoCapacity;
use super::run::{self, RunError};
use super::{ServerledgeApi, access, answer, queued, status};

/// The body of a request to invoke a function.
#[derive(Debug)]
struct InvokeRequest {
    run: run::RunInput,
    is_async: bool,
}

pub(super) async fn invoke(
    State(api): State<ServerledgeApi>,
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
    api: &ServerledgeApi,
    function: &str,
    request: Request,
    arrived: Instant,
) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let admitted = access::admit(api, function, &mut parts, "Function unknown")?;
    let body = body::read(body, MAX_OTHER).await?;
    let parsed = InvokeRequest::parse(&body).map_err(Invalid::into_response)?;
    let mut options = InvokeOptions::default();
    options.token_metadata = admitted.token_metadata;
    options.peer = admitted.peer;
    let demand = run::demand(api, function);
    let name = demand.function.clone();
    if parsed.is_async {
        return queued::accept(api, demand.function, parsed.run, &options).await;
    }
    let ran = async {
        let mut running = api.node.acquire(demand).map_err(|NoCapacity| {
            api.node.count_drop();
            RunError::NoCapacity
        })?;
        run::run(api, &mut running, parsed.run, options, arrived).await
    };
    match ran.await {
        Ok(ran) => {
            let report = ran.report(Duration::ZERO);
            api.counts.add(&name, &report);
            Ok(answer::json(StatusCode::OK, &report))
        }
        Err(RunError::NoCapacity) => Err(answer::text(StatusCode::TOO_MANY_REQUESTS, "")),
        Err(RunError::Function(reason)) => {
            Err(answer::text(StatusCode::INTERNAL_SERVER_ERROR, reason))
        }
    }
}

/// What upstream's load balancer reads.
fn describe_node(api: &ServerledgeApi, answer: &mut Response) {
    let free = api.node.available_memory().to_string();
    answer::insert(answer, "serverledge-node-name", &api.options.node);
    answer::insert(answer, "serverledge-free-mem", &free);
    answer::insert(
        answer,
        "serverledge-timestamp",
        &status::unix_seconds().to_string(),
    );
}

impl InvokeRequest {
    fn parse(body: &[u8]) -> Result<Self, Invalid> {
        let fields = Fields::parse(body)?;
        fields.boolean("CanDoOffloading")?;
        fields.integer("QoSClass")?;
        fields.number("QoSMaxRespT")?;
        Ok(Self {
            run: run::RunInput {
                params: fields.object("Params")?.unwrap_or_default().into(),
                returns_output: fields.boolean("ReturnOutput")?,
            },
            is_async: fields.boolean("Async")?,
        })
    }
}
