//! Engines for an embedder's own components.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;

use wasmtime::component::Component;

use super::{ComponentSource, LoadError};
use crate::engine::{self, Engine};
use crate::pool::{Registration, SlotScope};

/// An engine for components of the embedder, which it links and calls itself. See
/// [`Harness::deterministic_engine`](crate::Harness::deterministic_engine) and
/// [`Harness::pooled_engine`](crate::Harness::pooled_engine).
///
/// Nobody advances its epochs: the embedder does.
pub struct ComponentEngine {
    host: Arc<Engine>,
    engine: engine::CompilingEngine,
}

impl ComponentEngine {
    pub(crate) fn deterministic(host: &Arc<Engine>) -> wasmtime::Result<Self> {
        Ok(Self {
            engine: host.deterministic()?,
            host: Arc::clone(host),
        })
    }

    pub(crate) fn pooled(host: &Arc<Engine>, memories: u32) -> wasmtime::Result<Self> {
        Ok(Self {
            engine: host.pooled(memories)?,
            host: Arc::clone(host),
        })
    }

    /// The engine, whose settings are those that components are compiled for.
    #[must_use]
    pub fn wasmtime(&self) -> &wasmtime::Engine {
        &self.engine.wasmtime
    }

    /// Checks and compiles a component as the host does with functions: within the same limits, in the same
    /// compiler process, and with the same cache. Blocks while it does.
    ///
    /// # Errors
    ///
    /// - The component cannot be read, or is too long.
    /// - It is not a component, nests too deeply, needs too much, or does not compile.
    pub fn compile(&self, component: impl Into<ComponentSource>) -> Result<Component, LoadError> {
        let source = component.into();
        let wasm = source.read()?;
        let compiled = self.engine.compile(&wasm);
        compiled.map_err(|invalid| LoadError::invalid(source.file(), invalid, &self.host))
    }
}

impl fmt::Debug for ComponentEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComponentEngine").finish_non_exhaustive()
    }
}

/// What the slots of a pooled engine belong to: usually a component. A slot goes back to the owner that used it
/// last, with its pages cleared but mapped. Before another owner gets the slot, its pages go back to the kernel.
pub struct SlotOwner(Registration);

impl SlotOwner {
    /// A new owner. The name is for messages.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Registration::new(&name.into()))
    }

    /// Runs a future that creates, calls and drops instances of this owner. What it creates elsewhere has no
    /// owner, and costs more.
    pub async fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let owner = self.0.owner();
        poll_fn(|cx| {
            let _scope = SlotScope::enter(owner);
            future.as_mut().poll(cx)
        })
        .await
    }
}

impl fmt::Debug for SlotOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlotOwner").finish_non_exhaustive()
    }
}
