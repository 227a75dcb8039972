//! The routes of workers.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{self, ErrorResponse};
use super::worker_error::worker_id;
use super::{GolemApi, body, ids, worker_view};
use crate::api::is_object;
use crate::workers::{ComponentVersion, Creation, WorkerView};

/// The body of a request to create a worker. All three are required, as upstream.
#[derive(Deserialize)]
struct NewWorker {
    name: String,
    args: Vec<String>,
    env: BTreeMap<String, String>,
}

pub(super) async fn create(
    State(api): State<GolemApi>,
    Path(component): Path<String>,
    request: Request,
) -> Result<Response, ErrorResponse> {
    let component = ids::component(&component)?.to_string();
    let NewWorker { name, args, env } = read(&api, request).await?;
    ids::worker(&name)?;
    let creation = Creation { args, env };
    let workers = api.server.workers();
    let version = workers.create(&component, &name, &creation).await?;
    Ok(answer::json(&json!({
        "workerId": worker_id(&component, &name),
        "componentVersion": version,
    })))
}

pub(super) async fn get(
    State(api): State<GolemApi>,
    Path((component, name)): Path<(String, String)>,
) -> Result<Response, ErrorResponse> {
    let component = ids::component(&component)?;
    let name = ids::worker(&name)?;
    let view = api
        .server
        .workers()
        .get(&component.to_string(), name)
        .await?;
    Ok(answer::json(&object(&api, component, &view).await?))
}

/// The object of a worker.
async fn object(
    api: &GolemApi,
    component: Uuid,
    view: &WorkerView,
) -> Result<Value, ErrorResponse> {
    let version = version_of(api, component, view).await?;
    Ok(worker_view::object(view, version.as_deref()))
}

/// The version of its component that a worker has.
pub(super) async fn version_of(
    api: &GolemApi,
    component: Uuid,
    view: &WorkerView,
) -> Result<Option<Arc<ComponentVersion>>, ErrorResponse> {
    Ok(api
        .server
        .components()
        .version(component, view.version)
        .await?)
}

/// A worker that does not exist is deleted, too.
pub(super) async fn delete(
    State(api): State<GolemApi>,
    Path((component, name)): Path<(String, String)>,
) -> Result<Response, ErrorResponse> {
    let component = ids::component(&component)?.to_string();
    let name = ids::worker(&name)?;
    api.server.workers().delete(&component, name).await?;
    Ok(answer::json(&json!({})))
}

pub(super) async fn interrupt(
    State(api): State<GolemApi>,
    Path((component, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, ErrorResponse> {
    let component = ids::component(&component)?.to_string();
    let name = ids::worker(&name)?;
    let query = query.unwrap_or_default();
    let recovers = form_urlencoded::parse(query.as_bytes()).any(|(key, value)| {
        matches!(&*key, "recovery-immediately" | "recover-immediately") && value == "true"
    });
    let workers = api.server.workers();
    workers.interrupt(&component, name, recovers).await?;
    Ok(answer::json(&json!({})))
}

pub(super) async fn resume(
    State(api): State<GolemApi>,
    Path((component, name)): Path<(String, String)>,
) -> Result<Response, ErrorResponse> {
    let component = ids::component(&component)?.to_string();
    let name = ids::worker(&name)?;
    api.server.workers().resume(&component, name).await?;
    Ok(answer::json(&json!({})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdateRequest {
    mode: String,
    target_version: u64,
}

pub(super) async fn update(
    State(api): State<GolemApi>,
    Path((component, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, ErrorResponse> {
    let component = ids::component(&component)?.to_string();
    let name = ids::worker(&name)?;
    let update: UpdateRequest = read(&api, request).await?;
    if !update.mode.eq_ignore_ascii_case("automatic") {
        return Err(ErrorResponse::bad_request(format!(
            "the update mode {:?} is unsupported: expected Automatic",
            update.mode
        )));
    }
    let workers = api.server.workers();
    workers
        .update(&component, name, update.target_version)
        .await?;
    Ok(answer::json(&json!({})))
}

pub(super) async fn cancel(
    State(api): State<GolemApi>,
    Path((component, name, key)): Path<(String, String, String)>,
) -> Result<Response, ErrorResponse> {
    let component = ids::component(&component)?.to_string();
    let name = ids::worker(&name)?;
    let canceled = api.server.workers().cancel(&component, name, &key).await?;
    Ok(answer::json(&json!({ "canceled": canceled })))
}

/// What upstream has and this host does not.
pub(super) async fn unsupported() -> ErrorResponse {
    let error = "this host does not support this request of Golem's API: docs/workers.md lists what it supports";
    ErrorResponse::Error(StatusCode::NOT_IMPLEMENTED, error.to_owned())
}

/// Reads a JSON body.
pub(super) async fn read<T: DeserializeOwned>(
    api: &GolemApi,
    request: Request,
) -> Result<T, ErrorResponse> {
    let held = body::json(request, &api.held).await?;
    let invalid = |why| ErrorResponse::bad_request(format!("parse request payload error: {why}"));
    let parsed = serde_json::from_slice(&held.bytes).map_err(|error| invalid(error.to_string()))?;
    if !is_object(&held.bytes) {
        return Err(invalid("expected a JSON object".to_owned()));
    }
    Ok(parsed)
}
