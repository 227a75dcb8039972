//! Invocations that nobody waits for.

use axum::Json;
use axum::extract::{Path, State};
use http::{StatusCode, Uri};
use serde::Serialize;
use serde_json::Value;

use super::Api;
use super::caller::Caller;
use super::problem::Problem;
use super::query::Query;
use crate::api::invocations::{document, summary};
use crate::auth::Scope;
use crate::queue::{ChangeError, Invocation};
use crate::store::invocations::{InvocationState, QueuedId, Wanted};

/// A page of invocations.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Invocations {
    /// The latest first, without their results.
    #[schema(value_type = Vec<Object>)]
    invocations: Vec<Value>,
    /// What `after` has to be for the next page; null on the last one.
    next: Option<String>,
}

/// Lists invocations that nobody waits for, the latest first. Those that `failed` are the dead letters.
#[utoipa::path(
    get, path = "/v1/invocations", operation_id = "list_invocations", tag = "invocations",
    params(
        ("function" = Option<String>, Query, description = "Only those of this function"),
        ("state" = Option<String>, Query, description = "Only those that are `queued`, `running`, `waiting` (for a retry), `succeeded`, `failed` or `cancelled`"),
        ("limit" = Option<i64>, Query, description = "How many invocations, 1 to 1000; 100 unless given"),
        ("after" = Option<String>, Query, description = "Begin behind this id"),
    ),
    responses((status = 200, description = "A page of invocations", body = Invocations)),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Invocations>, Problem> {
    let query = Query::parse(&uri, &["function", "state", "limit", "after"])?;
    let function = query.text("function").map(str::to_owned);
    match &function {
        Some(function) => caller.may_with(Scope::Read, function)?,
        None => caller.may(Scope::Read)?,
    }
    let state = query.text("state").map(|text| {
        let expected = InvocationState::ALL.map(InvocationState::name).join(", ");
        let invalid = format!("invalid query parameter \"state\": expected one of {expected}");
        InvocationState::parse(text).ok_or_else(|| Problem::bad_request(invalid))
    });
    let after = query.text("after").map(|text| {
        let invalid = "invalid query parameter \"after\": expected an invocation's id";
        QueuedId::parse(text).ok_or_else(|| Problem::bad_request(invalid))
    });
    let wanted = Wanted {
        function,
        state: state.transpose()?,
        after: after.transpose()?,
    };
    let limit = query.limit()?;
    let mut rows = api.server.queue().list(wanted, limit + 1).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| has_more);
    let next = last.map(|row| row.id.to_string());
    // A token for some functions sees those only, so its pages may be shorter.
    rows.retain(|row| caller.covers(&row.function));
    Ok(Json(Invocations {
        invocations: rows.iter().map(summary).collect(),
        next,
    }))
}

/// Shows an invocation with its result.
#[utoipa::path(
    get, path = "/v1/invocations/{id}", operation_id = "get_invocation", tag = "invocations",
    params(("id" = String, Path, description = "The invocation's id")),
    responses(
        (status = 200, description = "The invocation", body = Object),
        (status = 404, description = "No such invocation", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let (_, found) = find(&api, &caller, Scope::Read, &id).await?;
    Ok(Json(document(&found)))
}

/// Cancels an invocation. One that runs is ended.
#[utoipa::path(
    delete, path = "/v1/invocations/{id}", operation_id = "cancel_invocation", tag = "invocations",
    params(("id" = String, Path, description = "The invocation's id")),
    responses(
        (status = 204, description = "The invocation is cancelled"),
        (status = 404, description = "No such invocation", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The invocation has ended", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn cancel(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let (id, _) = find(&api, &caller, Scope::Invoke, &id).await?;
    api.server.queue().cancel(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Runs an invocation again that failed, with all its retries.
#[utoipa::path(
    post, path = "/v1/invocations/{id}/retry", operation_id = "retry_invocation", tag = "invocations",
    params(("id" = String, Path, description = "The invocation's id")),
    responses(
        (status = 200, description = "The invocation, which is queued again", body = Object),
        (status = 404, description = "No such invocation", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The invocation has not failed", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn retry(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let (number, _) = find(&api, &caller, Scope::Invoke, &id).await?;
    api.server.queue().retry(number).await?;
    let (_, found) = find(&api, &caller, Scope::Invoke, &id).await?;
    Ok(Json(document(&found)))
}

async fn find(
    api: &Api,
    caller: &Caller,
    scope: Scope,
    id: &str,
) -> Result<(QueuedId, Invocation), Problem> {
    caller.may(scope)?;
    let not_found = || {
        let detail = format!("invocation {id:?} not found: its id is wrong, or its time is over");
        Problem::new(StatusCode::NOT_FOUND, detail)
    };
    let id = QueuedId::parse(id).ok_or_else(not_found)?;
    let found = api.server.queue().get(id).await?.ok_or_else(not_found)?;
    caller.may_with(scope, &found.row.function)?;
    Ok((id, found))
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NotFound => Self::new(StatusCode::NOT_FOUND, error.to_string()),
            ChangeError::WrongState(_) => Self::new(StatusCode::CONFLICT, error.to_string()),
            ChangeError::Store(error) => error.into(),
        }
    }
}
