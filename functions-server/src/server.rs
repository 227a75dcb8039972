//! A host with a store: what is deployed to it, what it runs, and who serves it.

mod error;
mod open;
mod serve;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;
use host_harness::Harness;
use tempfile::TempDir;

use crate::auth::Tokens;
use crate::deployments::Deployments;
use crate::dispatch::Scheduler;
use crate::logs::{Logs, OutputCollector};
use crate::queue::Queue;
use crate::store::Store;
use crate::workers::{Components, Workers};

pub use error::ServerError;

/// A host with a store: what is deployed to it survives a restart.
///
/// Clones are cheap and share one server.
///
/// ```no_run
/// use functions_server::{ManagementOptions, Server, ServerOptions};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let options = ServerOptions::default().data_dir("/var/lib/functions");
/// let server = Server::open(host_harness::Harness::builder(), options)?;
/// let functions = server.harness().serve("127.0.0.1:8080").await?;
/// let management = tokio::net::TcpListener::bind("127.0.0.1:8081").await?;
/// let options = ManagementOptions::default().public_url(format!("http://{}", functions.address()));
/// server.serve_management(management, options, std::future::pending()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Server {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    harness: Harness,
    queue: Queue,
    deployments: Arc<Deployments>,
    components: Arc<Components>,
    workers: Workers,
    tokens: Arc<Tokens>,
    logs: Logs,
    outputs: OutputCollector,
    store: Arc<Store>,
    is_draining: AtomicBool,
    /// What runs the calls of Dispatch, while its API is served.
    scheduler: ArcSwapOption<Scheduler>,
    /// Deleted after the store is closed.
    temporary: Option<TempDir>,
}

/// A server that may be gone.
#[derive(Debug, Clone)]
pub(crate) struct WeakServer(Weak<Inner>);

impl WeakServer {
    pub(crate) fn upgrade(&self) -> Option<Server> {
        self.0.upgrade().map(|inner| Server { inner })
    }
}

impl Server {
    /// The host that serves what is deployed.
    #[must_use]
    pub fn harness(&self) -> &Harness {
        &self.inner.harness
    }

    /// The stored functions that this process serves from files instead, because the builder names them.
    #[must_use]
    pub fn shadowed(&self) -> &[String] {
        self.inner.deployments.shadowed()
    }

    /// The data folder, as it was given.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.inner.store.folder()
    }

    /// Whether the data folder is deleted with the server.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.inner.temporary.is_some()
    }

    /// Runs asynchronous invocations on this runtime, as long as the server exists. Without this call they are
    /// accepted, and run once another process of the same folder does so. A second call does nothing.
    ///
    /// Workers continue with what they have begun.
    pub fn run_queue(&self) {
        self.inner.queue.start();
        let workers = self.inner.workers.clone();
        tokio::spawn(async move {
            if let Err(error) = workers.resume_all().await {
                tracing::error!(%error, "workers that have something to do are not started");
            }
        });
    }

    /// Begins no further asynchronous invocations, and returns once the running ones have ended. The others
    /// run once another process of the same folder does so.
    pub async fn stop_queue(&self) {
        self.inner.queue.stop().await;
    }

    /// Cuts off the calls of workers, and begins no further ones. Clients that wait for a worker are answered 503.
    /// Calls that had begun or were accepted continue in the next process of the same folder.
    pub fn stop_workers(&self) {
        self.inner.workers.stop();
    }

    /// Gives this server up, and returns once its data folder is free: once no clone is left, nobody serves
    /// its [host](Self::harness) any longer, and what was done in the background has ended.
    ///
    /// A process that ends need not wait for this. One that opens the folder again would else find it locked,
    /// now and then.
    pub async fn close(self) {
        let released = self.inner.store.released();
        drop(self);
        released.await;
    }

    /// From now on, the server is not ready for further requests: `/readyz` answers 503.
    pub fn set_draining(&self) {
        self.inner.is_draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn downgrade(&self) -> WeakServer {
        WeakServer(Arc::downgrade(&self.inner))
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.inner.queue
    }

    /// What runs the calls of Dispatch, if anything does.
    pub(crate) fn scheduler(&self) -> Option<Arc<Scheduler>> {
        self.inner.scheduler.load_full()
    }

    pub(crate) fn workers(&self) -> &Workers {
        &self.inner.workers
    }

    pub(crate) fn deployments(&self) -> &Arc<Deployments> {
        &self.inner.deployments
    }

    pub(crate) fn components(&self) -> &Arc<Components> {
        &self.inner.components
    }

    pub(crate) fn tokens(&self) -> &Arc<Tokens> {
        &self.inner.tokens
    }

    pub(crate) fn logs(&self) -> &Logs {
        &self.inner.logs
    }

    pub(crate) fn outputs(&self) -> &OutputCollector {
        &self.inner.outputs
    }

    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.inner.store
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.inner.is_draining.load(Ordering::Relaxed)
    }
}
