//! Asynchronous invocations: those of the queue, and the calls of Dispatch.

use axum::Json;
use axum::extract::{Path, State};
use http::{StatusCode, Uri};
use serde::Serialize;
use serde_json::Value;

use super::principal::Principal;
use super::problem::Problem;
use super::query::Query;
use super::{ManagementApi, calls};
use crate::api::invocations::{call_document, call_summary, document, summary};
use crate::auth::Scope;
use crate::dispatch::{CallDetails, CallState};
use crate::queue::{ChangeError, StoredInvocation};
use crate::store::invocations::{InvocationFilter, InvocationRow, InvocationState, QueuedId};

/// A page of invocations.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Invocations {
    /// The latest first, without their results.
    #[schema(value_type = Vec<Object>)]
    invocations: Vec<Value>,
    /// What `after` has to be for the next page; null on the last one.
    next: Option<String>,
}

/// Lists asynchronous invocations, the latest first. Those that `failed` are the dead letters.
///
/// A token for some functions sees no calls of Dispatch, which may be of others.
#[utoipa::path(
    get, path = "/v1/invocations", operation_id = "list_invocations", tag = "invocations",
    params(
        ("function" = Option<String>, Query, description = "Only those of this function"),
        ("state" = Option<String>, Query, description = "Only those that are `queued`, `running`, `waiting` (for a retry), `suspended` (calls of Dispatch, for calls of their own), `succeeded`, `failed` or `cancelled`"),
        ("limit" = Option<i64>, Query, description = "How many invocations, 1 to 1000; 100 unless given"),
        ("after" = Option<String>, Query, description = "Begin behind this id"),
    ),
    responses((status = 200, description = "A page of invocations", body = Invocations)),
)]
pub(super) async fn list(
    State(api): State<ManagementApi>,
    caller: Principal,
    uri: Uri,
) -> Result<Json<Invocations>, Problem> {
    let query = Query::parse(&uri, &["function", "state", "limit", "after"])?;
    let function = query.text("function").map(str::to_owned);
    match &function {
        Some(function) => caller.may_with(Scope::Read, function)?,
        None => caller.may(Scope::Read)?,
    }
    let state = query.text("state").map(|text| {
        let expected = CallState::NAMES.join(", ");
        let invalid = format!("invalid query parameter \"state\": expected one of {expected}");
        CallState::parse(text).ok_or_else(|| Problem::bad_request(invalid))
    });
    let state = state.transpose()?;
    let after = query.text("after").map(|text| {
        let invalid = "invalid query parameter \"after\": expected an invocation's id";
        QueuedId::parse(text).ok_or_else(|| Problem::bad_request(invalid))
    });
    let page = InvocationQuery {
        function,
        state,
        after: after.transpose()?,
        limit: query.limit()?,
    };
    let mut found = page.queued(&api, &caller).await?;
    if caller.covers_all() {
        found.extend(page.calls(&api).await?);
    }
    // Both kinds of id begin with the time.
    found.sort_unstable_by(|(one, _), (other, _)| other.cmp(one));
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let has_more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| has_more);
    let next = last.map(|(id, _)| id.clone());
    let invocations = found.into_iter().map(|(_, shown)| shown).collect();
    Ok(Json(Invocations { invocations, next }))
}

/// The query of a page of invocations.
struct InvocationQuery {
    function: Option<String>,
    state: Option<CallState>,
    after: Option<QueuedId>,
    limit: i64,
}

/// The id of an invocation, and the invocation as JSON.
type ListedInvocation = (String, Value);

impl InvocationQuery {
    /// Those of the queue, and one more than the limit if there are more.
    async fn queued(
        &self,
        api: &ManagementApi,
        caller: &Principal,
    ) -> Result<Vec<ListedInvocation>, Problem> {
        let state = match self.state.map(|state| InvocationState::parse(state.name())) {
            // No invocation of the queue is ever in that state.
            Some(None) => return Ok(Vec::new()),
            state => state.flatten(),
        };
        let wanted = InvocationFilter {
            function: self.function.clone(),
            functions: caller.functions(),
            state,
            after: self.after,
        };
        let rows = api.server.queue().list(wanted, self.limit + 1).await?;
        let entry = |row: &InvocationRow| (row.id.to_string(), summary(row));
        Ok(rows.iter().map(entry).collect())
    }

    /// The calls of Dispatch, and one more than the limit if there are more.
    async fn calls(&self, api: &ManagementApi) -> Result<Vec<ListedInvocation>, Problem> {
        let after = self.after.unwrap_or(QueuedId::MAX).to_string();
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let calls = calls::calls(api);
        let function = self.function.clone();
        let found = calls.latest(self.state, function, after, limit + 1);
        let shown = found.await?.into_iter().map(|(state, view, started)| {
            let document = call_summary(state, &view, started);
            (view.id, document)
        });
        Ok(shown.collect())
    }
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
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let found = find(&api, &caller, Scope::Read, &id).await?;
    Ok(Json(found.document()))
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
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    match find(&api, &caller, Scope::Invoke, &id).await? {
        AsyncInvocation::Queued(id, _) => {
            api.server.queue().cancel(id).await?;
            Ok(StatusCode::NO_CONTENT)
        }
        AsyncInvocation::Call(_) => calls::cancel(State(api), caller, Path(id)).await,
    }
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
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    match find(&api, &caller, Scope::Invoke, &id).await? {
        AsyncInvocation::Queued(number, _) => api.server.queue().retry(number).await?,
        AsyncInvocation::Call(_) => {
            calls::rerun(&api, &caller, &id).await?;
        }
    }
    let found = find(&api, &caller, Scope::Invoke, &id).await?;
    Ok(Json(found.document()))
}

/// An asynchronous invocation: of the queue, or a call of Dispatch.
enum AsyncInvocation {
    Queued(QueuedId, StoredInvocation),
    Call(CallDetails),
}

impl AsyncInvocation {
    fn document(&self) -> Value {
        match self {
            Self::Queued(_, found) => document(found),
            Self::Call(shown) => call_document(shown),
        }
    }
}

/// Finds an invocation, and checks that the caller may do this with it. Calls of Dispatch have a scope of their
/// own, unless they are only read.
async fn find(
    api: &ManagementApi,
    caller: &Principal,
    scope: Scope,
    id: &str,
) -> Result<AsyncInvocation, Problem> {
    let not_found = || {
        let detail = format!("invocation {id:?} not found: its id is wrong, or its time is over");
        Problem::new(StatusCode::NOT_FOUND, detail)
    };
    let parsed = QueuedId::parse(id).ok_or_else(not_found)?;
    if let Some(found) = api.server.queue().get(parsed).await? {
        caller.may_with(scope, &found.row.function)?;
        return Ok(AsyncInvocation::Queued(parsed, found));
    }
    let Some(call) = calls::calls(api).get(id).await? else {
        // Those who may not know learn nothing.
        caller.may(scope)?;
        return Err(not_found());
    };
    let scope = match scope {
        Scope::Read => Scope::Read,
        _ => Scope::Dispatch,
    };
    calls::may(caller, scope)?;
    Ok(AsyncInvocation::Call(call))
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
