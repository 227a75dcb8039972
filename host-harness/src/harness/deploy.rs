//! Changes the functions of a host while it answers requests.

use std::path::PathBuf;

use super::Harness;
use crate::invocation::access::Ingress;
use crate::limits::Limits;
use crate::registry::{
    ComponentEngine, ComponentSource, DeployError, FunctionInfo, FunctionSettings,
};
use crate::telemetry::metrics::Metrics;

impl Harness {
    /// Deploys a function, or replaces the one of that name.
    ///
    /// Compiles the component on threads that may block, links it and makes an instance, and only then
    /// swaps. After this returns, no request that arrives reaches what had the name before. Requests in
    /// flight finish on it.
    ///
    /// Of several deploys of one name at a time, the one that ends last stays.
    ///
    /// ```no_run
    /// # async fn deploy(harness: host_harness::Harness) -> Result<(), host_harness::DeployError> {
    /// use host_harness::FunctionSettings;
    ///
    /// let mut settings = FunctionSettings::default();
    /// settings.concurrency = Some(10);
    /// harness.deploy("greet", std::path::Path::new("greet.wasm"), settings).await?;
    /// assert!(harness.function("greet").is_some());
    /// harness.remove("greet");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - The component cannot be read, or this host cannot run it.
    /// - The name is invalid.
    /// - A setting is invalid, or above the host's bound.
    ///
    /// Nothing has changed then.
    pub async fn deploy(
        &self,
        name: &str,
        component: impl Into<ComponentSource>,
        settings: FunctionSettings,
    ) -> Result<(), DeployError> {
        let registry = &self.gateway.registry;
        registry.deploy(name, component.into(), &settings).await
    }

    /// Deploys a function without reading its file: the first request does, and later ones after the
    /// function was unloaded. For many functions, of which few are in use.
    ///
    /// While the file is missing or cannot be served, requests get 503 with the reason, and the file is
    /// tried again after a second or more.
    ///
    /// # Errors
    ///
    /// - The name is invalid.
    /// - A setting is invalid, or above the host's bound.
    pub fn register(
        &self,
        name: &str,
        file: PathBuf,
        settings: FunctionSettings,
    ) -> Result<(), DeployError> {
        self.gateway.registry.register(name, file.into(), &settings)
    }

    /// Checks and compiles a component without serving it. With a [cache](crate::Builder::cache), a
    /// deploy of the same component does not compile it again.
    ///
    /// # Errors
    ///
    /// As for [`deploy`](Self::deploy).
    pub async fn check(
        &self,
        component: impl Into<ComponentSource>,
        settings: &FunctionSettings,
    ) -> Result<(), DeployError> {
        self.gateway
            .registry
            .check(component.into(), settings)
            .await
    }

    /// Creates an engine in which the same calls with the same answers always leave the same memory: for
    /// components whose calls the embedder records and replays. NaN has one form, relaxed SIMD instructions do the
    /// same on every processor, and there are no threads. Memories are allocated for each instance.
    ///
    /// # Errors
    ///
    /// The processor lacks something that compiled code needs.
    pub fn deterministic_engine(&self) -> wasmtime::Result<ComponentEngine> {
        ComponentEngine::deterministic(&self.gateway.engine)
    }

    /// Creates an engine for components of which each call gets a new instance: memories and stacks come from a
    /// pool like that of functions, which has slots for this many memories. An instance beyond them cannot be
    /// created.
    ///
    /// # Errors
    ///
    /// The processor lacks something that compiled code needs, or a multi-tenant host has no pool. Other hosts
    /// without one allocate memories for each instance.
    pub fn pooled_engine(&self, memories: u32) -> wasmtime::Result<ComponentEngine> {
        ComponentEngine::pooled(&self.gateway.engine, memories)
    }

    /// Makes idle instances of a function ready for its next requests, after loading it if needed.
    ///
    /// Returns how many were made: fewer if there is no room for more idle instances, and none if the
    /// instances of the function are not reused. An instance that no request uses is kept for ten
    /// minutes, unless other functions need its room.
    ///
    /// # Errors
    ///
    /// - No function has this name.
    /// - The function cannot be loaded.
    pub async fn prewarm(&self, name: &str, instances: u32) -> Result<u32, DeployError> {
        self.gateway.registry.prewarm(name, instances).await
    }

    /// Removes a function; returns whether there was one. Requests in flight finish.
    #[expect(
        clippy::must_use_candidate,
        reason = "whether there was one is often of no interest"
    )]
    pub fn remove(&self, name: &str) -> bool {
        self.gateway.registry.remove(name)
    }

    /// Whether there is a function of this name.
    #[must_use]
    pub fn has_function(&self, name: &str) -> bool {
        self.gateway.registry.context(name).is_some()
    }

    /// Whether there is a function of this name that only other functions may invoke.
    #[must_use]
    pub fn is_private(&self, name: &str) -> bool {
        let context = self.gateway.registry.context(name);
        context.is_some_and(|context| context.access.ingress == Ingress::Private)
    }

    /// The host's limits.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        self.gateway.engine.limits()
    }

    /// All functions, in the order of their names.
    #[must_use]
    pub fn functions(&self) -> Vec<FunctionInfo> {
        self.gateway.registry.all()
    }

    /// What was counted so far, of all functions. Takes about a microsecond for each.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.gateway.registry.metrics()
    }

    /// A function; `None` for an unknown name.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<FunctionInfo> {
        self.gateway.registry.info(name)
    }
}
