use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use http::header::ETAG;

use super::preconditions::{etag, precondition};
use super::principal::Principal;
use super::problem::Problem;
use super::{ManagementApi, json};
use crate::auth::Scope;
use crate::deployments::{Change, Settings, VersionView};

/// Shows the settings of a function. What is not set is the host's.
#[utoipa::path(
    get, path = "/v1/functions/{name}/settings", operation_id = "get_settings", tag = "settings",
    params(("name" = String, Path, description = "The function's name")),
    responses(
        (status = 200, description = "The settings, without the values of secrets", body = Settings),
        (status = 404, description = "No such function", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get(
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    caller.may_with(Scope::Read, &name)?;
    let current = api.server.deployments().current_version(&name).await?;
    Ok(response(current))
}

/// Replaces all settings of a function. That is a new version, unless they equal the current ones.
#[utoipa::path(
    put, path = "/v1/functions/{name}/settings", operation_id = "replace_settings", tag = "settings",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("If-Match" = Option<String>, Header, description = "Change them only if the current version is this one"),
    ),
    request_body = Settings,
    responses(
        (status = 200, description = "The settings; the header `ETag` has the version", body = Settings),
        (status = 400, description = "A setting is unknown, malformed or above the host's bound", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn replace(
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    caller.may_with(Scope::Deploy, &name)?;
    let settings = json::read(&headers, body).await?;
    change(&api, name, &headers, Change::Replace(settings)).await
}

/// Merges settings into those of a function, as RFC 7396 says: null removes a setting.
#[utoipa::path(
    patch, path = "/v1/functions/{name}/settings", operation_id = "merge_settings", tag = "settings",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("If-Match" = Option<String>, Header, description = "Change them only if the current version is this one"),
    ),
    request_body(content = Settings, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "The settings; the header `ETag` has the version", body = Settings),
        (status = 400, description = "A setting is unknown, malformed or above the host's bound", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn merge(
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    caller.may_with(Scope::Deploy, &name)?;
    let patch = json::read(&headers, body).await?;
    change(&api, name, &headers, Change::Merge(patch)).await
}

async fn change(
    api: &ManagementApi,
    name: String,
    headers: &HeaderMap,
    change: Change,
) -> Result<Response, Problem> {
    let deployments = api.server.deployments();
    let deployed = deployments
        .deploy(name, None, change, precondition(headers)?)
        .await?;
    Ok(response(deployments.version_view(&deployed.row)))
}

fn response(version: VersionView) -> Response {
    let mut response = Json(version.settings).into_response();
    response.headers_mut().insert(ETAG, etag(version.version));
    response
}
