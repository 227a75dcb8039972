use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{ETAG, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde::Serialize;
use serde_json::{Map, Value};

use super::preconditions::{etag, precondition};
use super::principal::Principal;
use super::problem::Problem;
use super::query::Query;
use super::{ManagementApi, upload};
use crate::auth::Scope;
use crate::deployments::{DeployOutcome, FunctionView, LoadState, Settings, check_name};

/// A function.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Function)]
pub(super) struct FunctionDocument {
    name: String,
    /// The number of its current version. Null for a function that the server was started with as a file.
    version: Option<i64>,
    /// The SHA-256 of its component.
    #[schema(example = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    digest: Option<String>,
    /// The length of its component, in bytes.
    size: Option<i64>,
    /// Where it answers. Null if it does not answer requests from outside.
    url: Option<String>,
    /// `ready`, `unloaded` (its next request loads it) or `failed`.
    state: &'static str,
    /// Why its state is `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// When its current version was created.
    created: Option<String>,
    instances: Instances,
    /// Its settings, without the values of secrets. Lists leave them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Map<String, Value>>,
}

/// A component with settings.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "describes the form, whose parts are read as they arrive"
)]
struct DeployForm {
    /// The component.
    #[schema(value_type = String, content_media_type = "application/wasm")]
    component: Vec<u8>,
    /// Settings. They replace all, or merge if the part has the type `application/merge-patch+json`.
    settings: Option<Settings>,
}

/// The instances of a function.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Instances {
    /// Those that wait for a request.
    idle: u32,
    /// Those that run one.
    running: u32,
}

/// A page of functions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Functions)]
pub(super) struct FunctionList {
    functions: Vec<FunctionDocument>,
    /// What `after` has to be for the next page; null on the last one.
    next: Option<String>,
}

impl FunctionDocument {
    fn of(api: &ManagementApi, view: FunctionView) -> Self {
        let url = api.options.public_url.as_ref().filter(|_| !view.is_private);
        let url = url.map(|url| format!("{}/{}", url.trim_end_matches('/'), view.name));
        let (state, error) = match view.state {
            LoadState::Ready => ("ready", None),
            LoadState::Unloaded => ("unloaded", None),
            LoadState::Failed(reason) => ("failed", Some(reason)),
        };
        let current = view.current.as_ref();
        Self {
            version: current.map(|current| current.version),
            digest: current.map(|current| format!("sha256:{}", current.digest)),
            size: current.map(|current| current.size),
            url,
            state,
            error,
            created: current.map(|current| current.created.to_string()),
            instances: Instances {
                idle: view.idle,
                running: view.running,
            },
            name: view.name,
            settings: view.current.map(|current| current.settings),
        }
    }

    /// The function with a status, tagged with its version.
    pub(super) fn response(
        api: &ManagementApi,
        status: StatusCode,
        view: FunctionView,
    ) -> Response {
        let function = Self::of(api, view);
        let tag = function.version.map(etag);
        let mut response = (status, Json(function)).into_response();
        if let Some(tag) = tag {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

/// Deploys a function.
///
/// The body is a component, or a form with the part `component` and optionally `settings`: those replace
/// all settings, or merge into the current ones if the part has the type `application/merge-patch+json`.
/// Without settings, the current ones stay. If component and settings equal the current version, no
/// version is created. A component that cannot run is refused, and what was served stays.
#[utoipa::path(
    put, path = "/v1/functions/{name}", operation_id = "deploy_function", tag = "functions",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("If-Match" = Option<String>, Header, description = "Deploy only if the current version is this one"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: deploy only if there is no such function"),
    ),
    request_body(content(
        (String = "application/wasm"),
        (DeployForm = "multipart/form-data"),
    ), description = "A component of at most 256 MiB, or a form"),
    responses(
        (status = 200, description = "The function exists, with a new or the same version", body = FunctionDocument),
        (status = 201, description = "The function is new", body = FunctionDocument),
        (status = 409, description = "The server was started with a file of that name", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The condition does not hold", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The component is too long", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The component cannot run", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn deploy(
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    caller.may_with(Scope::Deploy, &name)?;
    check_name(&name)?;
    let condition = precondition(request.headers())?;
    let (component, change) = upload::receive(&api, request).await?;
    let deployments = api.server.deployments();
    let deployed = deployments
        .deploy(name.clone(), component, change, condition)
        .await?;
    let view = deployments.view(deployed.row).await?;
    if deployed.outcome != DeployOutcome::Created {
        return Ok(FunctionDocument::response(&api, StatusCode::OK, view));
    }
    let mut response = FunctionDocument::response(&api, StatusCode::CREATED, view);
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/functions/{name}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Shows a function.
#[utoipa::path(
    get, path = "/v1/functions/{name}", operation_id = "get_function", tag = "functions",
    params(("name" = String, Path, description = "The function's name")),
    responses(
        (status = 200, description = "The function", body = FunctionDocument),
        (status = 404, description = "No such function", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get(
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    caller.may_with(Scope::Read, &name)?;
    let view = api.server.deployments().get(&name).await?;
    Ok(FunctionDocument::response(&api, StatusCode::OK, view))
}

/// Deletes a function with its versions, settings and logs.
#[utoipa::path(
    delete, path = "/v1/functions/{name}", operation_id = "delete_function", tag = "functions",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("If-Match" = Option<String>, Header, description = "Delete only if the current version is this one"),
    ),
    responses(
        (status = 204, description = "The function is deleted"),
        (status = 404, description = "No such function", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    caller.may_with(Scope::Deploy, &name)?;
    let condition = precondition(&headers)?;
    api.server
        .deployments()
        .remove(name.clone(), condition)
        .await?;
    api.server.logs().remove(&name);
    Ok(StatusCode::NO_CONTENT)
}

/// Lists functions by name: those that the token is for.
#[utoipa::path(
    get, path = "/v1/functions", operation_id = "list_functions", tag = "functions",
    params(
        ("limit" = Option<i64>, Query, description = "How many functions, 1 to 1000; 100 unless given"),
        ("after" = Option<String>, Query, description = "Begin behind this name"),
    ),
    responses((status = 200, description = "A page of functions", body = FunctionList)),
)]
pub(super) async fn list(
    State(api): State<ManagementApi>,
    caller: Principal,
    uri: Uri,
) -> Result<Json<FunctionList>, Problem> {
    caller.may(Scope::Read)?;
    let query = Query::parse(&uri, &["limit", "after"])?;
    let limit = usize::try_from(query.limit()?).unwrap_or(1);
    let after = query.text("after").unwrap_or_default().to_owned();
    let wanted = |name: &str| caller.covers(name);
    let (views, has_more) = api.server.deployments().list(after, limit, wanted).await?;
    let functions: Vec<_> = views
        .into_iter()
        .map(|view| FunctionDocument {
            settings: None,
            ..FunctionDocument::of(&api, view)
        })
        .collect();
    let next = functions
        .last()
        .filter(|_| has_more)
        .map(|last| last.name.clone());
    Ok(Json(FunctionList { functions, next }))
}
