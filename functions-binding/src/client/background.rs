use std::sync::OnceLock;
use std::time::Duration;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::runtime::{Builder, Runtime};

use super::trust;
use super::upload::Upload;
use crate::BindingError;

/// How long it may take to connect to the host, TLS not included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What makes the calls: there is one in a process, whose connections are kept.
pub(super) struct Background {
    pub(super) runtime: Runtime,
    pub(super) client: Client<HttpsConnector<HttpConnector>, Upload>,
}

/// Starts it when it is first used.
pub(super) fn background() -> Result<&'static Background, BindingError> {
    static BACKGROUND: OnceLock<Result<Background, String>> = OnceLock::new();
    BACKGROUND
        .get_or_init(start)
        .as_ref()
        .map_err(|what| BindingError::Other(what.clone()))
}

fn start() -> Result<Background, String> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(trust::config()?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    // Last: where there is an error after it, it could not be dropped on another runtime's thread.
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("functions-binding")
        .enable_all()
        .build()
        .map_err(|error| format!("no thread for calls can be started: {error}"))?;
    Ok(Background { runtime, client })
}
