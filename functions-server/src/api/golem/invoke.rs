//! The routes that invoke functions.

use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::answer::{self, ErrorResponse};
use super::{GolemApi, body, ids, queued};
use crate::workers::{self, Parameter, Returned, WorkerInvocation};

/// The segments of a path. Without a name, the worker is a new one.
#[derive(Deserialize)]
pub(super) struct Target {
    component: String,
    worker: Option<String>,
}

pub(super) async fn invoke_and_await(
    State(api): State<GolemApi>,
    Path(target): Path<Target>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, ErrorResponse> {
    let call = InvocationRequest::read(&api, &target, query.as_deref(), request).await?;
    returned(&call.invoke_and_await(&api).await?)
}

pub(super) async fn invoke(
    State(api): State<GolemApi>,
    Path(target): Path<Target>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, ErrorResponse> {
    let call = InvocationRequest::read(&api, &target, query.as_deref(), request).await?;
    call.invoke(&api).await
}

/// A request to invoke a function of a worker.
struct InvocationRequest {
    component: Uuid,
    worker: String,
    invocation: WorkerInvocation,
}

impl InvocationRequest {
    async fn read(
        api: &GolemApi,
        target: &Target,
        query: Option<&str>,
        request: Request,
    ) -> Result<Self, ErrorResponse> {
        let component = ids::component(&target.component)?;
        let worker = match &target.worker {
            Some(worker) => ids::worker(worker)?.to_owned(),
            None => Uuid::new_v4().to_string(),
        };
        let function = function(query)?;
        let key = key(request.headers())?;
        let held = body::json(request, &api.held).await?;
        Ok(Self {
            component,
            worker,
            invocation: WorkerInvocation {
                function,
                parameters: Parameter::of_body(&held.bytes)?,
                key,
                origin: None,
            },
        })
    }

    async fn invoke_and_await(self, api: &GolemApi) -> Result<Returned, ErrorResponse> {
        let component = self.component.to_string();
        let workers = api.server.workers();
        let answer = workers.invoke_and_await(&component, &self.worker, self.invocation);
        Ok(answer.await?)
    }

    async fn invoke(self, api: &GolemApi) -> Result<Response, ErrorResponse> {
        let component = self.component.to_string();
        let workers = api.server.workers();
        if workers.is_ephemeral(&component, &self.worker).await? {
            let parameters = workers.check_ephemeral(&component, &self.invocation);
            let parameters = parameters.await?;
            let function = &self.invocation.function;
            queued::accept(
                &api.server,
                self.component,
                &self.worker,
                function,
                parameters,
            )
            .await?;
            return Ok(answer::json(&json!({})));
        }
        workers
            .invoke(&component, &self.worker, self.invocation)
            .await?;
        Ok(answer::json(&json!({})))
    }
}

/// Both parts of a result are JSON already.
fn returned(returned: &Returned) -> Result<Response, ErrorResponse> {
    let Returned { typ, value } = returned;
    let text = format!("{{\"result\":{{\"typ\":{typ},\"value\":{value}}}}}");
    Ok(answer::text_of_json(StatusCode::OK, text))
}

/// The parameter `function` of a query.
fn function(query: Option<&str>) -> Result<String, ErrorResponse> {
    let mut parameters = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let function = parameters.find(|(name, _)| name == "function");
    let function = function.map(|(_, function)| function.into_owned());
    function.ok_or_else(|| {
        ErrorResponse::bad_request("failed to parse parameter `function`: the query lacks it")
    })
}

/// The client's key, which makes a repeated request the same.
fn key(headers: &HeaderMap) -> Result<Option<String>, ErrorResponse> {
    let Some(key) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = workers::key(key.as_bytes()).map_err(ErrorResponse::bad_request)?;
    Ok(Some(key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The function is decoded, wherever in the query it stands.
    #[test]
    fn function_is_decoded() {
        let read = |query| function(Some(query)).unwrap();
        assert_eq!(read("function=run-example"), "run-example");
        let encoded = "x=1&function=rpc:counters-exports/api.%7Bcounter(%22c%201%22).inc-by%7D";
        let name = "rpc:counters-exports/api.{counter(\"c 1\").inc-by}";
        assert_eq!(read(encoded), name);
        assert!(function(None).is_err());
        assert!(function(Some("functions=x")).is_err());
    }
}
