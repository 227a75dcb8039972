//! Loads functions: reads, compiles and links them, on threads that may block.

use std::sync::Arc;
use std::sync::PoisonError;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::{
    ComponentSource, DeployError, Deployed, FoundFunction, FunctionSettings, LoadError, Opened,
    Registry, Unavailable,
};
use crate::engine::Function;
use crate::invocation::permits::{Overloaded, QueuePosition};

/// How many functions are loaded at once.
pub(super) struct Permits {
    /// Reads files and the compile cache.
    load: Arc<Semaphore>,
    /// Compiles. Fewer than processors, so that requests are answered meanwhile.
    compile: Arc<Semaphore>,
}

impl Default for Permits {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            load: Arc::new(Semaphore::new(processors.max(2))),
            compile: Arc::new(Semaphore::new((processors / 2).max(1))),
        }
    }
}

impl Registry {
    /// Deploys a function, on threads that may block.
    pub(crate) async fn deploy(
        self: &Arc<Self>,
        name: &str,
        source: ComponentSource,
        settings: &FunctionSettings,
    ) -> Result<(), DeployError> {
        let deployed = Arc::new(self.describe(name, source, settings)?);
        let function = self.prepare(&deployed).await?;
        self.put(deployed, Some(function));
        Ok(())
    }

    /// Checks and compiles a component without serving it.
    pub(crate) async fn check(
        self: &Arc<Self>,
        source: ComponentSource,
        settings: &FunctionSettings,
    ) -> Result<(), DeployError> {
        let deployed = Arc::new(self.describe("check", source, settings)?);
        self.prepare(&deployed).await?;
        Ok(())
    }

    /// Makes instances of a function ready, after loading it if needed; returns how many.
    pub(crate) async fn prewarm(
        self: &Arc<Self>,
        name: &str,
        instances: u32,
    ) -> Result<u32, DeployError> {
        let function = match self.get(name).ok_or_else(|| DeployError::unknown(name))? {
            FoundFunction::Loaded(function) => function,
            FoundFunction::NotLoaded(deployed) => Arc::clone(self).load(deployed).await?,
        };
        let registry = Arc::clone(self);
        let prewarming = spawn_blocking(move || registry.engine.prewarm(&function, instances));
        // Only a panic of the host ends it early, which is logged.
        Ok(prewarming.await.unwrap_or(0))
    }

    /// Deploys a function, on the caller's thread.
    pub(crate) fn deploy_blocking(
        &self,
        name: &str,
        Opened { source, wasm }: Opened,
        settings: &FunctionSettings,
    ) -> Result<(), DeployError> {
        let deployed = self.describe(name, source, settings)?;
        deployed.identify(&wasm)?;
        let function = deployed.prepare(&self.engine, &wasm)?;
        self.put(Arc::new(deployed), Some(function));
        Ok(())
    }

    /// Deploys a function that its first request loads.
    pub(crate) fn register(
        &self,
        name: &str,
        source: ComponentSource,
        settings: &FunctionSettings,
    ) -> Result<(), DeployError> {
        let deployed = self.describe(name, source, settings)?;
        self.put(Arc::new(deployed), None);
        Ok(())
    }

    /// Loads a function that a request needs, once for all requests that wait for it.
    pub(crate) async fn load(
        self: Arc<Self>,
        deployed: Arc<Deployed>,
    ) -> Result<Arc<Function>, Unavailable> {
        if let Some(error) = deployed.recent_error() {
            return Err(Unavailable::NotLoaded(error));
        }
        let max_waiting = self.engine.limits().queue;
        let _position = QueuePosition::take(&deployed.waiting, max_waiting)
            .map_err(|Overloaded| Unavailable::Overloaded)?;
        let loading = Arc::clone(&deployed.loading).lock_owned().await;
        if let Some(function) = deployed.function.load_full() {
            return Ok(function);
        }
        if let Some(error) = deployed.recent_error() {
            return Err(Unavailable::NotLoaded(error));
        }
        // A task of its own, which ends also if this request is cancelled: others wait for it.
        let of = Arc::clone(&deployed);
        let task = tokio::spawn(async move {
            let _loading = loading;
            self.load_once(&of).await
        });
        let loaded = task.await;
        loaded
            .unwrap_or_else(|why| Err(Arc::new(deployed.host_error(why))))
            .map_err(Unavailable::NotLoaded)
    }

    async fn load_once(
        self: Arc<Self>,
        deployed: &Arc<Deployed>,
    ) -> Result<Arc<Function>, Arc<LoadError>> {
        let began = Instant::now();
        let prepared = self.prepare(deployed).await.map_err(Arc::new);
        deployed.tried(began, prepared.as_ref().err().map(Arc::clone));
        let function = prepared.inspect_err(|error| {
            let function = &deployed.context.name;
            tracing::error!(%function, "{}", chain(error));
        })?;
        let surplus = {
            let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
            // Another function may have the name by now. This one then answers those who waited.
            if deployed.is_retired() {
                return Ok(function);
            }
            deployed.function.store(Some(Arc::clone(&function)));
            self.loaded.add(deployed)
        };
        surplus.iter().for_each(|surplus| self.unload(surplus));
        Ok(function)
    }

    /// Loads a component from the cache, or else compiles it.
    async fn prepare(
        self: &Arc<Self>,
        deployed: &Arc<Deployed>,
    ) -> Result<Arc<Function>, LoadError> {
        let cached = self.blocking(&self.permits.load, deployed, |registry, deployed| {
            let wasm = deployed.read()?;
            deployed.prepare_cached(&registry.engine, &wasm)
        });
        if let Some(function) = cached.await? {
            return Ok(function);
        }
        // Read again, so that components do not fill the memory while they wait for a permit.
        let compiled = self.blocking(&self.permits.compile, deployed, |registry, deployed| {
            let wasm = deployed.read()?;
            deployed.prepare(&registry.engine, &wasm)
        });
        compiled.await
    }

    /// Runs `work` on a thread that may block, once there is a permit. It is not cancelled.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        permits: &Arc<Semaphore>,
        deployed: &Arc<Deployed>,
        work: impl FnOnce(&Self, &Deployed) -> Result<T, LoadError> + Send + 'static,
    ) -> Result<T, LoadError> {
        // Nobody closes the semaphore.
        let permit: Option<OwnedSemaphorePermit> = Arc::clone(permits).acquire_owned().await.ok();
        let (registry, of) = (Arc::clone(self), Arc::clone(deployed));
        let worked = spawn_blocking(move || {
            let _permit = permit;
            work(&registry, &of)
        });
        worked.await.map_err(|why| deployed.host_error(why))?
    }
}

/// An error and its causes in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<_> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}
