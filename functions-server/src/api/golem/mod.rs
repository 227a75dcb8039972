//! Golem's API: components of any interface, and workers that are called by name. See docs/workers.md.

mod access;
mod answer;
mod body;
mod component;
mod components;
mod filter;
mod ids;
mod invoke;
mod queued;
mod upload;
mod worker_error;
mod worker_list;
mod worker_view;
mod workers;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, delete, get, post, put};
use http::{Method, StatusCode, Uri};
use serde_json::json;
use tokio::sync::Semaphore;
use tower_layer::Layer as _;

use super::{Service, drain};
use crate::{GolemOptions, Server};
use answer::ErrorResponse;
pub(crate) use queued::register;

/// How many uploads arrive at once. Further ones wait.
const MAX_UPLOADS: usize = 4;

/// What upstream has of a worker, and this host has not.
const UNSUPPORTED: [&str; 9] = [
    "/complete",
    "/revert",
    "/oplog",
    "/connect",
    "/files",
    "/files/",
    "/files/{*path}",
    "/activate-plugin",
    "/deactivate-plugin",
];

/// The state that the handlers of Golem's API share.
#[derive(Clone)]
struct GolemApi {
    server: Server,
    uploads: Arc<Semaphore>,
    /// A permit for each byte of a long body.
    held: Arc<Semaphore>,
}

/// The API on its own listener, behind the checks of `access`.
pub(crate) fn service(server: Server, options: GolemOptions) -> impl Service {
    let hosts: Arc<[String]> = options.hosts.into();
    let check = from_fn_with_state(hosts, access::check);
    (from_fn(drain::refused), check).layer(routes(server))
}

/// The routes of the API.
pub(super) fn routes(server: Server) -> Router {
    let api = GolemApi {
        server,
        uploads: Arc::new(Semaphore::new(MAX_UPLOADS)),
        held: Arc::new(Semaphore::new(body::MAX_HELD)),
    };
    Router::new()
        .route("/healthcheck", get(healthcheck))
        .route("/version", get(version))
        .merge(of_components())
        .merge(of_invocations())
        .merge(of_workers())
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .with_state(api)
}

fn of_components() -> Router<GolemApi> {
    Router::new()
        .route(
            "/v1/components",
            post(components::create).get(components::list),
        )
        .route("/v1/components/{component}", get(components::versions))
        .route("/v1/components/{component}/latest", get(components::latest))
        .route(
            "/v1/components/{component}/versions/{version}",
            get(components::version),
        )
        .route(
            "/v1/components/{component}/updates",
            post(components::update),
        )
        .route("/v1/components/{component}/upload", put(components::upload))
        .route(
            "/v1/components/{component}/download",
            get(components::download),
        )
        // Uploads have their own limit.
        .layer(DefaultBodyLimit::disable())
}

fn of_invocations() -> Router<GolemApi> {
    let mut routes = Router::new();
    for of in ["", "/workers/{worker}"] {
        let of = format!("/v1/components/{{component}}{of}");
        routes = routes
            .route(
                &format!("{of}/invoke-and-await"),
                post(invoke::invoke_and_await),
            )
            .route(&format!("{of}/invoke"), post(invoke::invoke));
    }
    routes
}

fn of_workers() -> Router<GolemApi> {
    const ALL: &str = "/v1/components/{component}/workers";
    let of = |last: &str| format!("{ALL}/{{worker}}{last}");
    let mut routes = Router::new()
        .route(ALL, post(workers::create).get(worker_list::list))
        .route(&format!("{ALL}/find"), post(worker_list::find))
        .route(&of(""), get(workers::get).delete(workers::delete))
        .route(&of("/interrupt"), post(workers::interrupt))
        .route(&of("/resume"), post(workers::resume))
        .route(&of("/update"), post(workers::update))
        .route(&of("/invocations/{key}"), delete(workers::cancel));
    for last in UNSUPPORTED {
        routes = routes.route(&of(last), any(workers::unsupported));
    }
    routes
}

async fn healthcheck() -> Response {
    answer::json(&json!({}))
}

async fn version() -> Response {
    answer::json(&json!({ "version": env!("CARGO_PKG_VERSION") }))
}

async fn no_such_path(uri: Uri) -> ErrorResponse {
    ErrorResponse::not_found(format!("the path {:?} is unknown", uri.path()))
}

async fn no_such_method(method: Method) -> ErrorResponse {
    let error = format!("this path does not support {method}");
    ErrorResponse::Error(StatusCode::METHOD_NOT_ALLOWED, error)
}
