//! The management API: deploying, configuring and observing functions over HTTP.

mod access;
mod calls;
mod docs;
mod functions;
mod golem;
mod health;
mod invocations;
mod json;
mod logs;
mod metrics;
mod openapi;
mod preconditions;
mod principal;
mod problem;
mod query;
mod rollback;
mod settings;
mod tokens;
mod upload;
mod versions;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::drain;
use crate::auth::FailureLimit;
use crate::{ManagementOptions, Server};
use problem::Problem;

/// The state that the handlers of the management API share.
#[derive(Clone)]
pub(super) struct ManagementApi {
    server: Server,
    options: Arc<ManagementOptions>,
    failures: Arc<FailureLimit>,
    description: Arc<OpenApi>,
}

/// The routes of the API, behind the checks of `access`.
pub(crate) fn router(server: Server, options: ManagementOptions) -> Router {
    let (routes, description) = OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(functions::list))
        .routes(routes!(
            functions::deploy,
            functions::get,
            functions::delete
        ))
        .routes(routes!(versions::list))
        .routes(routes!(settings::get, settings::replace, settings::merge))
        .routes(routes!(rollback::rollback))
        .routes(routes!(calls::list))
        .routes(routes!(calls::get, calls::cancel))
        .routes(routes!(calls::retry))
        .routes(routes!(logs::get))
        .routes(routes!(invocations::list))
        .routes(routes!(invocations::get, invocations::cancel))
        .routes(routes!(invocations::retry))
        .routes(routes!(tokens::create, tokens::list))
        .routes(routes!(tokens::revoke))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::get))
        .routes(routes!(openapi::get))
        .routes(routes!(docs::get))
        .split_for_parts();
    let golem = golem::routes(server.clone());
    let api = ManagementApi {
        server,
        options: Arc::new(options),
        failures: Arc::default(),
        description: Arc::new(openapi::completed(description)),
    };
    routes
        .nest_service("/golem", golem)
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        // Handlers that read bodies have limits of their own.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(api.clone(), access::check))
        .layer(from_fn(drain::refused))
        .layer(from_fn(problem::replace_plain_errors))
        .with_state(api)
}

async fn no_such_path(uri: http::Uri) -> Problem {
    let detail = format!("the path {:?} is unknown: /docs lists all", uri.path());
    Problem::new(http::StatusCode::NOT_FOUND, detail)
}

async fn no_such_method(method: http::Method) -> Problem {
    let detail = format!("this path does not support {method}: /docs lists what it supports");
    Problem::new(http::StatusCode::METHOD_NOT_ALLOWED, detail)
}
