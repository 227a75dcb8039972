use axum::Json;
use axum::extract::{Path, State};
use http::Uri;
use serde::Serialize;
use serde_json::{Map, Value};

use super::ManagementApi;
use super::principal::Principal;
use super::problem::Problem;
use super::query::Query;
use crate::auth::Scope;

/// A version of a function: a component and settings.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Version)]
pub(super) struct VersionDocument {
    version: i64,
    /// The SHA-256 of its component.
    digest: String,
    /// The length of its component, in bytes.
    size: i64,
    created: String,
    /// Whether it is the one that is served.
    current: bool,
    /// Its settings, without the values of secrets.
    settings: Map<String, Value>,
}

/// A page of versions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Versions)]
pub(super) struct VersionList {
    /// The newest first.
    versions: Vec<VersionDocument>,
    /// What `before` has to be for the next page; null on the last one.
    next: Option<i64>,
}

/// Lists the versions of a function, the newest first.
#[utoipa::path(
    get, path = "/v1/functions/{name}/versions", operation_id = "list_versions", tag = "functions",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("limit" = Option<i64>, Query, description = "How many versions at most, 1 to 1000; 100 unless given"),
        ("before" = Option<i64>, Query, description = "Begin below this number"),
    ),
    responses(
        (status = 200, description = "A page of versions", body = VersionList),
        (status = 404, description = "No such function", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Json<VersionList>, Problem> {
    caller.may_with(Scope::Read, &name)?;
    let query = Query::parse(&uri, &["limit", "before"])?;
    let limit = usize::try_from(query.limit()?).unwrap_or(1);
    let before = query.number("before")?.unwrap_or(i64::MAX);
    let deployments = api.server.deployments();
    let current = deployments.current_version(&name).await?.version;
    let (views, has_more) = deployments.versions(&name, before, limit).await?;
    let versions: Vec<_> = views
        .into_iter()
        .map(|view| VersionDocument {
            version: view.version,
            digest: format!("sha256:{}", view.digest),
            size: view.size,
            created: view.created.to_string(),
            current: view.version == current,
            settings: view.settings,
        })
        .collect();
    let next = versions
        .last()
        .filter(|_| has_more)
        .map(|last| last.version);
    Ok(Json(VersionList { versions, next }))
}
