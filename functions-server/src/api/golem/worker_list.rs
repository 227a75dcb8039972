//! Lists workers, a page at a time.

use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{self, ErrorResponse};
use super::filter::WorkerFilter;
use super::workers::{read, version_of};
use super::{GolemApi, ids, worker_view};

/// How many workers a page has unless the client says so, and at most.
const COUNT: u64 = 50;
const MAX_COUNT: u64 = 1000;

/// How many workers are looked at for one page. A page with fewer matches than asked for has a cursor.
const MAX_SCANNED: usize = 20_000;

/// How many workers are read at once.
const BATCH: usize = 500;

/// Where the next page begins.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Cursor {
    cursor: u64,
    layer: u64,
}

/// The query of a page of workers.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct WorkerQuery {
    filter: Option<WorkerFilter>,
    cursor: Option<Cursor>,
    count: Option<u64>,
}

pub(super) async fn list(
    State(api): State<GolemApi>,
    Path(component): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ErrorResponse> {
    let component = ids::component(&component)?;
    page(
        &api,
        component,
        &WorkerQuery::of_url(query.as_deref().unwrap_or_default())?,
    )
    .await
}

pub(super) async fn find(
    State(api): State<GolemApi>,
    Path(component): Path<String>,
    request: Request,
) -> Result<Response, ErrorResponse> {
    let component = ids::component(&component)?;
    let query: WorkerQuery = read(&api, request).await?;
    if let Some(filter) = &query.filter {
        filter.check(0)?;
    }
    page(&api, component, &query).await
}

impl WorkerQuery {
    /// Parses a query, in which all filters have to hold.
    fn of_url(query: &str) -> Result<Self, ErrorResponse> {
        let mut found = Self::default();
        let mut filters = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "filter" => filters.push(WorkerFilter::parse(&value)?),
                "cursor" => found.cursor = Some(Cursor::parse(&value)?),
                "count" => {
                    let count = value.parse();
                    found.count = Some(count.map_err(|_| {
                        ErrorResponse::bad_request(format!(
                            "Invalid count: {value}, expected a number"
                        ))
                    })?);
                }
                _ => {}
            }
        }
        if !filters.is_empty() {
            found.filter = Some(WorkerFilter::And { filters });
        }
        Ok(found)
    }
}

impl Cursor {
    fn parse(text: &str) -> Result<Self, ErrorResponse> {
        let parts = text.split_once('/');
        let parts = parts.and_then(|(layer, cursor)| {
            Some(Self {
                layer: layer.parse().ok()?,
                cursor: cursor.parse().ok()?,
            })
        });
        parts.ok_or_else(|| {
            ErrorResponse::bad_request(format!("Invalid cursor: {text}, expected LAYER/CURSOR"))
        })
    }
}

async fn page(
    api: &GolemApi,
    component: Uuid,
    query: &WorkerQuery,
) -> Result<Response, ErrorResponse> {
    let count = query.count.unwrap_or(COUNT).min(MAX_COUNT);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut after = query.cursor.map_or(0, |cursor| cursor.cursor);
    let mut found: Vec<Value> = Vec::new();
    let mut scanned = 0;
    let of = component.to_string();
    if count == 0 {
        // Its cursor would never move, and a client that follows cursors would never end.
        return Ok(answer::json(&json!({ "workers": [], "cursor": null })));
    }
    let next = 'page: loop {
        let from = i64::try_from(after).unwrap_or(i64::MAX);
        let views = api.server.workers().list(&of, from, BATCH).await?;
        let is_last = views.len() < BATCH;
        for view in &views {
            if found.len() >= count || scanned >= MAX_SCANNED {
                break 'page Some(after);
            }
            after = u64::try_from(view.id).unwrap_or(after);
            scanned += 1;
            let version = version_of(api, component, view).await?;
            let env = worker_view::env(view, version.as_deref());
            let matches = query
                .filter
                .as_ref()
                .is_none_or(|filter| filter.matches(view, &env));
            if matches {
                found.push(worker_view::object(view, version.as_deref()));
            }
        }
        if is_last {
            break None;
        }
    };
    let cursor = next.map(|cursor| Cursor { cursor, layer: 0 });
    Ok(answer::json(&json!({ "workers": found, "cursor": cursor })))
}
