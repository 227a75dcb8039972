use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;

use super::ManagementApi;
use super::problem::Problem;

/// That all is well.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Health {
    status: &'static str,
}

/// Whether the server runs. Needs no token.
#[utoipa::path(
    get, path = "/healthz", operation_id = "get_health", tag = "health", security(()),
    responses((status = 200, description = "It runs", body = Health)),
)]
pub(super) async fn alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether the server takes requests and deploys. Needs no token.
#[utoipa::path(
    get, path = "/readyz", operation_id = "get_readiness", tag = "health", security(()),
    responses(
        (status = 200, description = "It does", body = Health),
        (status = 503, description = "It is stopping, or its store cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn ready(State(api): State<ManagementApi>) -> Result<Json<Health>, Problem> {
    let unavailable = |detail| Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
    if api.server.is_draining() {
        return Err(unavailable("the server is stopping"));
    }
    if let Err(error) = api.server.store().check_writable().await {
        let error: &dyn std::error::Error = &*error;
        tracing::error!(error, "the store cannot be written");
        return Err(unavailable(
            "the store cannot be written: the server's log says why",
        ));
    }
    Ok(Json(Health { status: "ready" }))
}
