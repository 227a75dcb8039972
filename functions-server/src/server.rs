use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use axum::Router;
use host_harness::{Builder, Harness};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::api::invocations::Deferred;
use crate::api::{self, dispatch, golem, management, serverledge};
use crate::auth::Tokens;
use crate::deployments::{DeploymentError, Deployments, Keys, chain};
use crate::dispatch::Scheduler;
use crate::logs::{Logs, OutputCollector};
use crate::queue::Queue;
use crate::store::{Store, components, functions};
use crate::workers::{Components, Egress, Engines, WorkerTargets, Workers};
use crate::{
    DispatchOptions, GolemOptions, ManagementOptions, OpenError, ServerOptions, ServerledgeOptions,
};
use arc_swap::ArcSwapOption;

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

/// A server cannot start. The text says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The data folder cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The host cannot be built.
    #[error(transparent)]
    Build(#[from] host_harness::BuildError),
    /// The engine of workers cannot be created.
    #[error("the engine of workers cannot be created: {0}")]
    Engine(String),
    /// No temporary folder can be created.
    #[error("no temporary folder can be created: {0}; give a data folder")]
    Temporary(#[source] std::io::Error),
    /// What the data folder has cannot be read or decrypted.
    #[error("the data folder {folder} cannot be served: {reason}", folder = .folder.display())]
    Unreadable {
        /// The folder.
        folder: std::path::PathBuf,
        /// Why.
        reason: String,
    },
}

/// The components of the stored functions, also of those that are not registered yet, or cannot be, and those
/// that have workers. Their compiled code stays in the cache.
fn stored_components(
    store: &Arc<Store>,
) -> impl Fn() -> Option<Vec<[u8; 32]>> + Send + Sync + 'static {
    let store = Arc::downgrade(store);
    move || {
        let digests = store.upgrade()?.read_blocking(|connection| {
            let mut digests = functions::current_digests(connection)?;
            digests.extend(components::latest_digests(connection)?);
            Ok(digests)
        });
        let digests = digests.inspect_err(|error| {
            tracing::warn!("no compiled code is evicted: what is stored is not known: {error}");
        });
        Some(digests.ok()?.into_iter().map(|digest| digest.0).collect())
    }
}

impl Server {
    /// Opens the store, builds the host, and registers every stored function, which its first request
    /// loads. Blocks while it does.
    ///
    /// # Errors
    ///
    /// - The data folder cannot be used: another process uses it, it is damaged, of a newer release, of
    ///   another program, or this user may not write to it.
    /// - It has secrets, and the key is missing or another one.
    /// - The host cannot be built.
    pub fn open(builder: Builder, options: ServerOptions) -> Result<Self, ServerError> {
        let (temporary, folder) = match options.data_dir {
            Some(folder) => (None, folder),
            None => {
                let prefix = "functions-";
                let created = tempfile::Builder::new().prefix(prefix).tempdir();
                let temporary = created.map_err(ServerError::Temporary)?;
                let folder = temporary.path().to_owned();
                (Some(temporary), folder)
            }
        };
        let store = Arc::new(Store::open(&folder)?);
        let unreadable = |reason: String| ServerError::Unreadable {
            folder: folder.clone(),
            reason,
        };
        let tokens = Tokens::open(store.clone());
        let tokens = Arc::new(tokens.map_err(|error| unreadable(chain(&error)))?);
        let logs = Logs::open(&store.logs());
        let logs =
            logs.map_err(|error| unreadable(format!("its logs cannot be written: {error}")))?;
        let deferred = Deferred::default();
        let targets = WorkerTargets::default();
        let outputs = OutputCollector::default();
        let builder = builder
            .token_verifier(tokens.verifier())
            .observe_output(logs.observer())
            .observe_output(outputs.observer())
            .deferral(deferred.clone())
            .call_targets(targets.clone())
            .keep_compiled(stored_components(&store));
        let harness = builder.build()?;
        let keys = Keys {
            current: options.secrets_key,
            previous: options.previous_secrets_key,
        };
        let deployments = Deployments::open(store.clone(), harness.clone(), keys);
        let deployments = deployments.map_err(|error| match error {
            DeploymentError::Secrets(error) => unreadable(error.to_string()),
            error => unreadable(chain(&error)),
        })?;
        let deployments = Arc::new(deployments);
        let mut queue_options = options.queue;
        queue_options.retentions = vec![serverledge::RETENTION];
        let queue = Queue::open(
            store.clone(),
            harness.clone(),
            deployments.clone(),
            queue_options,
        );
        let queue = queue.map_err(|error| unreadable(chain(&error)))?;
        deferred.set(&queue);
        let engines = Engines::new(harness.clone());
        let engines = engines.map_err(|error| ServerError::Engine(format!("{error:#}")))?;
        let components = Components::new(store.clone(), Arc::new(engines));
        let limits = options.workers;
        let egress = Egress::new(harness.clone(), targets.clone());
        let workers = Workers::new(store.clone(), components.clone(), egress, limits);
        targets.set(&workers);
        golem::register(&queue, &workers);
        Ok(Self {
            inner: Arc::new(Inner {
                harness,
                queue,
                deployments,
                components,
                workers,
                tokens,
                logs,
                outputs,
                store,
                is_draining: AtomicBool::new(false),
                scheduler: ArcSwapOption::empty(),
                temporary,
            }),
        })
    }

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

    /// Runs invocations that nobody waits for on this runtime, as long as the server exists. Without this they
    /// are accepted, and run once another process of the same folder does so. A second call does nothing.
    ///
    /// Workers go on with what they have begun.
    pub fn run_queue(&self) {
        self.inner.queue.start();
        let workers = self.inner.workers.clone();
        tokio::spawn(async move {
            if let Err(error) = workers.resume_all().await {
                tracing::error!(%error, "workers that have something to do are not started");
            }
        });
    }

    /// Begins no further invocations that nobody waits for, and returns once those that run have ended. The
    /// others run once another process of the same folder does so.
    pub async fn stop_queue(&self) {
        self.inner.queue.stop().await;
    }

    /// From now on, the server is not ready for further requests: `/readyz` answers 503.
    pub fn set_draining(&self) {
        self.inner.is_draining.store(true, Ordering::Relaxed);
    }

    /// Serves the management API until `shutdown` ends, and then the requests in flight.
    ///
    /// # Errors
    ///
    /// The listener has no address.
    pub async fn serve_management(
        &self,
        listener: TcpListener,
        options: ManagementOptions,
        shutdown: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let stopping = async {
            shutdown.await;
            // A client that follows a log would wait for its end.
            self.logs().stop();
        };
        api::serve(listener, self.management_router(options), stopping).await
    }

    /// The management API, for a server of one's own. Prefer
    /// [`serve_management`](Self::serve_management): without the extension
    /// [`Connection`](crate::Connection), every client counts as a remote one.
    pub fn management_router(&self, options: ManagementOptions) -> Router {
        management::router(self.clone(), options)
    }

    /// Serves Serverledge's API until `shutdown` ends, and then the requests in flight.
    ///
    /// # Errors
    ///
    /// - The listener has no address.
    /// - Its address is not loopback, and the options are not [open](ServerledgeOptions::open).
    pub fn serve_serverledge<F>(
        &self,
        listener: TcpListener,
        options: ServerledgeOptions,
        shutdown: F,
    ) -> impl Future<Output = std::io::Result<()>> + use<F>
    where
        F: Future<Output = ()>,
    {
        let is_open = options.is_open;
        // At once: from then on, what this API accepted earlier runs as it says.
        let router = serverledge::router(self.clone(), options);
        async move {
            let address = listener.local_addr()?;
            if !is_open && !address.ip().to_canonical().is_loopback() {
                return Err(std::io::Error::other(format!(
                    "Serverledge's clients send no credentials, so anyone who reaches {address} could change \
                     functions; use a loopback address, or allow it with ServerledgeOptions::open"
                )));
            }
            api::serve(listener, router, shutdown).await
        }
    }

    /// Serves Golem's API until `shutdown` ends, and then the requests in flight.
    ///
    /// # Errors
    ///
    /// - The listener has no address.
    /// - Its address is not loopback, and the options are not [open](GolemOptions::open).
    pub async fn serve_golem(
        &self,
        listener: TcpListener,
        options: GolemOptions,
        shutdown: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let address = listener.local_addr()?;
        if !options.is_open && !address.ip().to_canonical().is_loopback() {
            return Err(std::io::Error::other(format!(
                "Golem's clients send no credentials, so anyone who reaches {address} could upload components \
                 and call workers; use a loopback address, or allow it with GolemOptions::open"
            )));
        }
        api::serve(listener, golem::router(self.clone(), options), shutdown).await
    }

    pub(crate) fn downgrade(&self) -> WeakServer {
        WeakServer(Arc::downgrade(&self.inner))
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.inner.queue
    }

    /// Serves Dispatch's API and runs its calls until `shutdown` ends, and then the requests in flight.
    ///
    /// # Errors
    ///
    /// The listener has no address, or the store cannot be read.
    pub async fn serve_dispatch(
        &self,
        listener: TcpListener,
        options: DispatchOptions,
        shutdown: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let started = Scheduler::start(self.store().clone(), self.harness().clone(), options);
        let (scheduler, running, stop) = started.await.map_err(std::io::Error::other)?;
        self.inner
            .scheduler
            .store(Some(Arc::new(scheduler.clone())));
        let running = tokio::spawn(running);
        let router = dispatch::router(self.clone(), scheduler);
        let served = api::serve(listener, router, shutdown).await;
        self.inner.scheduler.store(None);
        // It fails if the scheduler has ended.
        let _ = stop.send(());
        let _ = running.await;
        served
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
