use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::functions::FunctionDocument;
use super::preconditions::precondition;
use super::principal::Principal;
use super::problem::Problem;
use super::{ManagementApi, json};
use crate::auth::Scope;

/// The version to go back to.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rollback {
    version: i64,
}

/// Makes a version of a function current again, with its settings.
#[utoipa::path(
    post, path = "/v1/functions/{name}/rollback", operation_id = "roll_back", tag = "functions",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("If-Match" = Option<String>, Header, description = "Roll back only if the current version is this one"),
    ),
    request_body = Rollback,
    responses(
        (status = 200, description = "The function", body = FunctionDocument),
        (status = 404, description = "No such function or version", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn rollback(
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    caller.may_with(Scope::Deploy, &name)?;
    let Rollback { version } = json::read(&headers, body).await?;
    let deployments = api.server.deployments();
    let row = deployments
        .rollback(name, version, precondition(&headers)?)
        .await?;
    let view = deployments.view(row).await?;
    Ok(FunctionDocument::response(&api, StatusCode::OK, view))
}
