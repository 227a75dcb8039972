//! Puts a server together from its store and its host.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwapOption;
use host_harness::Builder;

use super::ServerError;
use crate::ServerOptions;
use crate::api::invocations::Deferred;
use crate::api::{golem, serverledge};
use crate::auth::Tokens;
use crate::deployments::{DeploymentError, Deployments, Keys, chain};
use crate::logs::{Logs, OutputCollector};
use crate::queue::Queue;
use crate::server::{Server, ServerParts};
use crate::store::{Store, components, functions};
use crate::workers::{Components, Egress, Engines, WorkerTargets, Workers};

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
        Ok(Self::new(ServerParts {
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
        }))
    }
}
