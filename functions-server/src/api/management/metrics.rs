use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::ManagementApi;
use super::principal::Principal;
use super::problem::{self, Problem};
use crate::auth::Scope;
use crate::metrics;

/// Shows what the server counts, as text for Prometheus. A token for some functions sees only these.
#[utoipa::path(
    get, path = "/metrics", operation_id = "get_metrics", tag = "health",
    responses(
        (status = 200, description = "The metrics", body = String, content_type = "text/plain"),
    ),
)]
pub(super) async fn get(
    State(api): State<ManagementApi>,
    caller: Principal,
) -> Result<Response, Problem> {
    caller.may(Scope::Read)?;
    let server = api.server.clone();
    // Ten thousand functions take some milliseconds.
    let rendering = tokio::task::spawn_blocking(move || {
        let (counted, commits) = (server.harness().metrics(), server.store().commits());
        let visible = |name: &str| caller.covers(name);
        let visible: Option<&dyn Fn(&str) -> bool> = match caller.covers_all() {
            true => None,
            false => Some(&visible),
        };
        metrics::render(&counted, commits, visible)
    });
    let text = rendering.await.map_err(|error| problem::internal(&error))?;
    let headers = [
        (CONTENT_TYPE, metrics::CONTENT_TYPE),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}
