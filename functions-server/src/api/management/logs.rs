use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{StatusCode, Uri};

use super::ManagementApi;
use super::principal::Principal;
use super::problem::Problem;
use super::query::Query;
use crate::auth::{Scope, Tokens};
use crate::logs::{LogFilter, parse_level};
use crate::store::{StoreError, Time};

/// How often the token of somebody who follows is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Shows what a function printed and logged, as JSON lines: the last 1000, or all since a time.
#[utoipa::path(
    get, path = "/v1/functions/{name}/logs", operation_id = "get_logs", tag = "functions",
    params(
        ("name" = String, Path, description = "The function's name"),
        ("since" = Option<String>, Query, description = "Only lines since then: a duration such as `10m`, or a time of RFC 3339"),
        ("level" = Option<String>, Query, description = "Only lines of at least this level. A line on standard output counts as `info`, on standard error as `error`"),
        ("invocation" = Option<String>, Query, description = "Only lines of the invocation with this id, or of the request to which a trusted proxy gave it"),
        ("follow" = Option<bool>, Query, description = "Whether to go on with lines as they are written"),
    ),
    responses(
        (status = 200, description = "A JSON object in each line", body = String, content_type = "application/x-ndjson"),
        (status = 404, description = "No such function", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get(
    State(api): State<ManagementApi>,
    caller: Principal,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    caller.may_with(Scope::Read, &name)?;
    let query = Query::parse(&uri, &["since", "level", "invocation", "follow"])?;
    let follows = match query.text("follow") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(invalid("follow", "true or false")),
    };
    let filter = filter(&query)?;
    api.server.deployments().get(&name).await?;
    let logs = api.server.logs();
    let body = match follows {
        true => {
            let tokens = api.server.tokens().clone();
            let lines = logs.follow(&name, filter);
            Body::from_stream(lines.take_until(Box::pin(refused(tokens, caller))))
        }
        false => Body::from_stream(logs.read(&name, filter).await.map_err(StoreError::from)?),
    };
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson"),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((StatusCode::OK, headers, body).into_response())
}

/// Returns once a caller who follows may no longer do so.
async fn refused(tokens: Arc<Tokens>, caller: Principal) {
    while caller.is_valid(&tokens) {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn filter(query: &Query) -> Result<LogFilter, Problem> {
    let since = query.text("since").map(|text| {
        let time = match humantime::parse_duration(text) {
            Ok(duration) => Some(Time::now().before(duration)),
            Err(_) => Time::parse(text),
        };
        time.ok_or_else(|| invalid("since", "a duration such as 10m, or a time of RFC 3339"))
    });
    let level = query.text("level").map(|text| {
        parse_level(text).ok_or_else(|| invalid("level", "trace, debug, info, warn or error"))
    });
    Ok(LogFilter {
        since: since.transpose()?,
        level: level.transpose()?,
        invocation: query.text("invocation").map(str::to_owned),
    })
}

fn invalid(name: &str, expected: &str) -> Problem {
    Problem::bad_request(format!(
        "invalid query parameter {name:?}: expected {expected}"
    ))
}
