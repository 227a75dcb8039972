//! Serverledge's API: its clients create and invoke functions here. See docs/serverledge.md.

mod access;
mod answer;
mod body;
mod code;
mod command;
mod create;
mod decode;
mod definition;
mod delete;
mod invoke;
mod list;
mod metrics;
mod module;
mod node;
mod prewarm;
mod queued;
mod run;
mod status;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use tokio::sync::Semaphore;
use tower_layer::Layer as _;

use super::{Service, drain};
use crate::deployments::Deployments;
use crate::server::WeakServer;
use crate::{Server, ServerledgeOptions};
use metrics::Counts;
use node::{CurrentVersions, Node};
pub(crate) use queued::RETENTION;

/// How many long uploads are in memory at once. Further ones wait.
const MAX_UPLOADS: usize = 2;

/// How many URLs are fetched at once. Further ones wait.
const MAX_FETCHES: usize = 2;

/// How many uploads are unpacked at once. Further ones wait.
const MAX_UNPACKED: usize = 2;

/// The state that the handlers of Serverledge's API share.
#[derive(Clone)]
struct ServerledgeApi {
    server: Server,
    options: Arc<ServerledgeOptions>,
    node: Arc<Node>,
    uploads: Arc<Semaphore>,
    fetches: Arc<Semaphore>,
    unpacked: Arc<Semaphore>,
    counts: Arc<Counts>,
}

/// The same state without the server, whose queue keeps the runner of this API.
struct WeakServerledgeApi {
    server: WeakServer,
    options: Arc<ServerledgeOptions>,
    node: Arc<Node>,
    uploads: Arc<Semaphore>,
    fetches: Arc<Semaphore>,
    unpacked: Arc<Semaphore>,
    counts: Arc<Counts>,
}

impl WeakServerledgeApi {
    fn of(api: &ServerledgeApi) -> Self {
        Self {
            server: api.server.downgrade(),
            options: api.options.clone(),
            node: api.node.clone(),
            uploads: api.uploads.clone(),
            fetches: api.fetches.clone(),
            unpacked: api.unpacked.clone(),
            counts: api.counts.clone(),
        }
    }

    fn upgrade(&self) -> Option<ServerledgeApi> {
        Some(ServerledgeApi {
            server: self.server.upgrade()?,
            options: self.options.clone(),
            node: self.node.clone(),
            uploads: self.uploads.clone(),
            fetches: self.fetches.clone(),
            unpacked: self.unpacked.clone(),
            counts: self.counts.clone(),
        })
    }
}

/// The versions that are served, by their serials: numbers of versions come again after a deletion.
#[derive(Debug)]
struct DeployedVersions(Arc<Deployments>);

impl CurrentVersions for DeployedVersions {
    fn changes(&self) -> u64 {
        self.0.changes()
    }

    fn current(&self, function: &str) -> Option<u64> {
        self.0.served(function).map(|served| served.serial)
    }
}

/// The API, behind the checks of `access`.
pub(crate) fn service(server: Server, options: ServerledgeOptions) -> impl Service {
    let node = Node::new(
        options.memory,
        options.cpus,
        options.expiration,
        Box::new(DeployedVersions(server.deployments().clone())),
        server.queue().freed(),
    );
    let api = ServerledgeApi {
        server,
        options: Arc::new(options),
        node: Arc::new(node),
        uploads: Arc::new(Semaphore::new(MAX_UPLOADS)),
        fetches: Arc::new(Semaphore::new(MAX_FETCHES)),
        unpacked: Arc::new(Semaphore::new(MAX_UNPACKED)),
        counts: Arc::default(),
    };
    let runner = queued::NodeRunner(WeakServerledgeApi::of(&api));
    api.server
        .queue()
        .register(queued::SOURCE, Arc::new(runner));
    let check = from_fn_with_state(api.clone(), access::check);
    let routes = Router::new()
        .route("/create", post(create::create))
        .route("/update", post(create::update))
        .route("/delete", post(delete::delete))
        .route("/invoke/{function}", post(invoke::invoke))
        .route("/poll/{id}", get(queued::poll))
        .route("/prewarm", post(prewarm::prewarm))
        .route("/function", get(list::list))
        .route("/functions", get(list::list))
        .route("/status", get(status::status))
        .route("/metrics", get(metrics::metrics))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .with_state(api);
    (from_fn(drain::refused), check).layer(routes)
}

async fn no_such_path() -> Response {
    answer::message(StatusCode::NOT_FOUND, "Not Found")
}

async fn no_such_method() -> Response {
    answer::message(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}
