use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::json;

use super::body::{self, MAX_CREATE};
use super::decode::{Fields, Invalid};
use super::{ServerledgeApi, access, answer};
use crate::deployments::{DeploymentError, Precondition};

/// Deletes a function. Requests in flight complete.
pub(super) async fn delete(State(api): State<ServerledgeApi>, request: Request) -> Response {
    delete_inner(&api, request)
        .await
        .unwrap_or_else(|answer| answer)
}

async fn delete_inner(api: &ServerledgeApi, request: Request) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let body = body::read(body, MAX_CREATE).await?;
    let fields = Fields::parse(&body).map_err(Invalid::into_response)?;
    let name = fields
        .text("Name")
        .map_err(Invalid::into_response)?
        .into_owned();
    access::admit(api, &name, &mut parts, "Unknown function")?;
    let removed = api
        .server
        .deployments()
        .remove(name.clone(), Precondition::None);
    removed
        .await
        .map_err(|error: DeploymentError| answer::refused(&error))?;
    Ok(answer::json(StatusCode::OK, &json!({ "Deleted": name })))
}
