//! The handle on all parts of a server, which the APIs get.

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
    parts: Arc<ServerParts>,
}

/// The parts of a server, in the order in which they are dropped.
#[derive(Debug)]
pub(crate) struct ServerParts {
    pub(crate) harness: Harness,
    pub(crate) queue: Queue,
    pub(crate) deployments: Arc<Deployments>,
    pub(crate) components: Arc<Components>,
    pub(crate) workers: Workers,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) logs: Logs,
    pub(crate) outputs: OutputCollector,
    pub(crate) store: Arc<Store>,
    pub(crate) is_draining: AtomicBool,
    /// What runs the calls of Dispatch, while its API is served.
    pub(crate) scheduler: ArcSwapOption<Scheduler>,
    /// Deleted after the store is closed.
    pub(crate) temporary: Option<TempDir>,
}

/// A server that may be gone.
#[derive(Debug, Clone)]
pub(crate) struct WeakServer(Weak<ServerParts>);

impl WeakServer {
    pub(crate) fn upgrade(&self) -> Option<Server> {
        self.0.upgrade().map(|parts| Server { parts })
    }
}

impl Server {
    pub(crate) fn new(parts: ServerParts) -> Self {
        Self {
            parts: Arc::new(parts),
        }
    }

    /// The host that serves what is deployed.
    #[must_use]
    pub fn harness(&self) -> &Harness {
        &self.parts.harness
    }

    /// The stored functions that this process serves from files instead, because the builder names them.
    #[must_use]
    pub fn shadowed(&self) -> &[String] {
        self.parts.deployments.shadowed()
    }

    /// The data folder, as it was given.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.parts.store.folder()
    }

    /// Whether the data folder is deleted with the server.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.parts.temporary.is_some()
    }

    /// Runs asynchronous invocations on this runtime, as long as the server exists. Without this call they are
    /// accepted, and run once another process of the same folder does so. A second call does nothing.
    ///
    /// Workers continue with what they have begun.
    pub fn run_queue(&self) {
        self.parts.queue.start();
        let workers = self.parts.workers.clone();
        tokio::spawn(async move {
            if let Err(error) = workers.resume_all().await {
                tracing::error!(%error, "workers that have something to do are not started");
            }
        });
    }

    /// Begins no further asynchronous invocations, and returns once the running ones have ended. The others
    /// run once another process of the same folder does so.
    pub async fn stop_queue(&self) {
        self.parts.queue.stop().await;
    }

    /// Cuts off the calls of workers, and begins no further ones. Clients that wait for a worker are answered 503.
    /// Calls that had begun or were accepted continue in the next process of the same folder.
    pub fn stop_workers(&self) {
        self.parts.workers.stop();
    }

    /// Gives this server up, and returns once its data folder is free: once no clone is left, nobody serves
    /// its [host](Self::harness) any longer, and what was done in the background has ended.
    ///
    /// A process that ends need not wait for this. One that opens the folder again would else find it locked,
    /// now and then.
    pub async fn close(self) {
        let released = self.parts.store.released();
        drop(self);
        released.await;
    }

    /// From now on, the server is not ready for further requests: `/readyz` answers 503.
    pub fn set_draining(&self) {
        self.parts.is_draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn downgrade(&self) -> WeakServer {
        WeakServer(Arc::downgrade(&self.parts))
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.parts.queue
    }

    /// What runs the calls of Dispatch, if anything does.
    pub(crate) fn scheduler(&self) -> Option<Arc<Scheduler>> {
        self.parts.scheduler.load_full()
    }

    /// Sets what runs the calls of Dispatch while its API is served.
    pub(crate) fn set_scheduler(&self, scheduler: Option<Scheduler>) {
        self.parts.scheduler.store(scheduler.map(Arc::new));
    }

    pub(crate) fn workers(&self) -> &Workers {
        &self.parts.workers
    }

    pub(crate) fn deployments(&self) -> &Arc<Deployments> {
        &self.parts.deployments
    }

    pub(crate) fn components(&self) -> &Arc<Components> {
        &self.parts.components
    }

    pub(crate) fn tokens(&self) -> &Arc<Tokens> {
        &self.parts.tokens
    }

    pub(crate) fn logs(&self) -> &Logs {
        &self.parts.logs
    }

    pub(crate) fn outputs(&self) -> &OutputCollector {
        &self.parts.outputs
    }

    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.parts.store
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.parts.is_draining.load(Ordering::Relaxed)
    }
}
