use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::{ServerledgeApi, answer};

/// Lists the functions that can be invoked here, by name.
pub(super) async fn list(State(api): State<ServerledgeApi>) -> Response {
    let functions = api.server.harness().functions();
    let harness = api.server.harness();
    let names = functions.iter().map(|function| &*function.name);
    let names: Vec<&str> = names.filter(|name| !harness.is_private(name)).collect();
    answer::json(StatusCode::OK, &names)
}
