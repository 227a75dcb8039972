use axum::Json;
use axum::extract::{Path, State};
use http::{StatusCode, Uri};
use serde::Serialize;

use super::ManagementApi;
use super::principal::Principal;
use super::problem::Problem;
use super::query::Query;
use crate::auth::Scope;
use crate::dispatch::{CallDetails, CallState, DispatchCalls};

/// A call of Dispatch.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Call)]
pub(super) struct CallDocument {
    id: String,
    /// The call that made it; null for one that was dispatched.
    parent: Option<String>,
    /// The call that its tree began with; its own id for one that was dispatched.
    root: String,
    endpoint: String,
    function: String,
    /// `queued`, `running`, `waiting` (for a retry), `suspended` (for calls of its own), `succeeded`,
    /// `failed` or `cancelled`.
    state: &'static str,
    /// How often it was run.
    attempt_count: i64,
    /// The last 100 attempts, the oldest first; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<CallAttempt>>,
    created: String,
    /// When it fails if it has not ended.
    expires: String,
    finished: Option<String>,
    /// The calls that it made, by id, up to 1000; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    children: Option<Vec<String>>,
    /// What was wrong with the last attempt.
    error: Option<String>,
}

/// An attempt to run a call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct CallAttempt {
    started: String,
    finished: String,
    /// The status of Dispatch, without its prefix: `OK`, `TIMEOUT` and so on. `UNSPECIFIED` if the call was
    /// cancelled meanwhile.
    status: &'static str,
    error: Option<String>,
}

/// A page of calls.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct CallList {
    /// The oldest first.
    calls: Vec<CallDocument>,
    /// What `after` has to be for the next page; null on the last one.
    next: Option<String>,
}

impl From<CallDetails> for CallDocument {
    fn from(shown: CallDetails) -> Self {
        let view = shown.view;
        let attempts = shown.attempts.map(|attempts| {
            let shown = attempts.into_iter().map(|attempt| CallAttempt {
                started: attempt.started.to_string(),
                finished: attempt.finished.to_string(),
                status: crate::dispatch::status_name(attempt.status),
                error: attempt.error,
            });
            shown.collect()
        });
        Self {
            root: shown.root.unwrap_or_else(|| view.id.clone()),
            id: view.id,
            parent: shown.parent,
            endpoint: view.endpoint,
            function: view.function,
            state: shown.state.name(),
            attempt_count: view.attempts,
            attempts,
            created: view.created.to_string(),
            expires: view.expires.to_string(),
            finished: view.finished.map(|time| time.to_string()),
            children: shown.children,
            error: view.error,
        }
    }
}

pub(super) fn calls(api: &ManagementApi) -> DispatchCalls {
    DispatchCalls::new(api.server.store().clone(), api.server.scheduler())
}

fn not_found(id: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("call {id:?} not found"))
}

/// Checks that the caller may see or change the calls of all functions: a call may reach any.
pub(super) fn may(caller: &Principal, scope: Scope) -> Result<(), Problem> {
    caller.may(scope)?;
    match caller.covers_all() {
        true => Ok(()),
        false => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "the token is limited to some functions, and calls may be of others: use one for all functions",
        )),
    }
}

/// Lists the calls of Dispatch, the oldest first.
#[utoipa::path(
    get, path = "/v1/dispatch/calls", operation_id = "list_calls", tag = "dispatch",
    params(
        ("state" = Option<String>, Query, description = "Only calls in this state"),
        ("root" = Option<String>, Query, description = "Only the tree of the call with this id"),
        ("limit" = Option<i64>, Query, description = "How many calls, 1 to 1000; 100 unless given"),
        ("after" = Option<String>, Query, description = "Begin after the call with this id"),
    ),
    responses((status = 200, description = "A page of calls", body = CallList)),
)]
pub(super) async fn list(
    State(api): State<ManagementApi>,
    caller: Principal,
    uri: Uri,
) -> Result<Json<CallList>, Problem> {
    may(&caller, Scope::Read)?;
    let query = Query::parse(&uri, &["state", "root", "limit", "after"])?;
    let state = query.text("state").map(|text| {
        CallState::parse(text).ok_or_else(|| {
            Problem::bad_request(format!(
                "invalid query parameter \"state\": expected {}",
                CallState::NAMES.join(", ")
            ))
        })
    });
    let limit = query.limit()?;
    let id = |name: &str| query.text(name).map(str::to_owned);
    let (shown, has_more) = calls(&api)
        .list(state.transpose()?, id("root"), id("after"), limit)
        .await?;
    let calls: Vec<_> = shown.into_iter().map(CallDocument::from).collect();
    let next = calls
        .last()
        .filter(|_| has_more)
        .map(|last| last.id.clone());
    Ok(Json(CallList { calls, next }))
}

/// Shows a call of Dispatch: its attempts, and the calls that it made.
#[utoipa::path(
    get, path = "/v1/dispatch/calls/{id}", operation_id = "get_call", tag = "dispatch",
    params(("id" = String, Path, description = "The call's id")),
    responses(
        (status = 200, description = "The call", body = CallDocument),
        (status = 404, description = "No such call", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get(
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(id): Path<String>,
) -> Result<Json<CallDocument>, Problem> {
    may(&caller, Scope::Read)?;
    let shown = calls(&api).get(&id).await?;
    shown
        .map(|shown| Json(shown.into()))
        .ok_or_else(|| not_found(&id))
}

/// Cancels a call of Dispatch, and the calls below it.
#[utoipa::path(
    delete, path = "/v1/dispatch/calls/{id}", operation_id = "cancel_call", tag = "dispatch",
    params(("id" = String, Path, description = "The call's id")),
    responses(
        (status = 204, description = "The call is cancelled"),
        (status = 404, description = "No such call", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The call has ended", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn cancel(
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    may(&caller, Scope::Dispatch)?;
    match calls(&api).cancel(&id).await? {
        None => Err(not_found(&id)),
        Some(false) => Err(Problem::new(StatusCode::CONFLICT, "the call has ended")),
        Some(true) => Ok(StatusCode::NO_CONTENT),
    }
}

/// Runs a call of Dispatch once more, from its start, that failed or was cancelled.
#[utoipa::path(
    post, path = "/v1/dispatch/calls/{id}/retry", operation_id = "retry_call", tag = "dispatch",
    params(("id" = String, Path, description = "The call's id")),
    responses(
        (status = 200, description = "The call", body = CallDocument),
        (status = 404, description = "No such call", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The call has neither failed nor been cancelled", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn retry(
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(id): Path<String>,
) -> Result<Json<CallDocument>, Problem> {
    rerun(&api, &caller, &id).await?;
    let shown = calls(&api).get(&id).await?;
    shown
        .map(|shown| Json(shown.into()))
        .ok_or_else(|| not_found(&id))
}

/// Runs a call once more that failed or was cancelled.
pub(super) async fn rerun(
    api: &ManagementApi,
    caller: &Principal,
    id: &str,
) -> Result<(), Problem> {
    may(caller, Scope::Dispatch)?;
    match calls(api).retry(id).await? {
        None => Err(not_found(id)),
        Some(true) => Ok(()),
        Some(false) => {
            let detail =
                "the call has neither failed nor been cancelled: only such a call is retried";
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
    }
}
