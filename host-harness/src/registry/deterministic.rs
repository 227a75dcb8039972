//! Components whose calls an embedder replays.

use std::fmt;
use std::sync::Arc;

use wasmtime::component::Component;

use super::{ComponentSource, LoadError};
use crate::engine::{Deterministic, Engine};

/// An engine in which the same calls with the same answers always leave the same memory: for an embedder that
/// records the calls of a component and repeats them.
///
/// Floating-point numbers that are none have one form, relaxed SIMD instructions do the same on every
/// processor, and there are no threads. Memories are allocated for each instance. Nobody advances its epochs:
/// the embedder does.
pub struct DeterministicEngine {
    host: Arc<Engine>,
    engine: Deterministic,
}

impl DeterministicEngine {
    pub(crate) fn new(host: &Arc<Engine>) -> wasmtime::Result<Self> {
        Ok(Self {
            engine: host.deterministic()?,
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

impl fmt::Debug for DeterministicEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeterministicEngine")
            .finish_non_exhaustive()
    }
}
