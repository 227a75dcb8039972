//! Engines for an embedder's own components: compiled under the same checks as functions.

use wasmtime::component::Component;

use super::prepare::footprint_of;
use super::{Engine, InvalidFunction, config};
use crate::compile::ComponentBytes;
use crate::compile::cache::{self, Cache};
use crate::compile::compiler::Compiler;
use crate::compile::config::{self as compiled, Allocation};
use crate::compile::fingerprint;

/// Compiles for its own engine, in the host's compiler process, and caches in the host's folder.
pub(crate) struct CompilingEngine {
    pub(crate) wasmtime: wasmtime::Engine,
    compiler: Compiler,
    cache: Option<Cache>,
}

impl Engine {
    /// Creates an engine in which the same calls with the same answers always leave the same memory.
    pub(crate) fn deterministic(&self) -> wasmtime::Result<CompilingEngine> {
        let wasmtime = wasmtime::Engine::new(&compiled::deterministic())?;
        self.component_engine(wasmtime, Allocation::Deterministic)
    }

    /// Creates an engine with the host's own pool, for instances that have this many memories together. Where the
    /// system does not support it, memories are allocated for each instance.
    pub(crate) fn pooled(&self, memories: u32) -> wasmtime::Result<CompilingEngine> {
        match config::pooled_components(&self.limits, self.setup, memories) {
            Ok(wasmtime) => self.component_engine(wasmtime, Allocation::HostPoolOnce),
            Err(error) if self.setup.multi_tenant => Err(error.context(config::NO_POOL)),
            Err(error) => {
                tracing::debug!("no pool for components: {error:#}");
                self.deterministic()
            }
        }
    }

    fn component_engine(
        &self,
        wasmtime: wasmtime::Engine,
        allocation: Allocation,
    ) -> wasmtime::Result<CompilingEngine> {
        let fingerprint = fingerprint::of(&wasmtime);
        let cache = self.cache.as_ref();
        Ok(CompilingEngine {
            compiler: Compiler {
                process: self.compiler.process.clone(),
                allocation,
                fingerprint,
            },
            cache: cache.map(|cache| cache.for_engine(fingerprint)),
            wasmtime,
        })
    }
}

impl CompilingEngine {
    /// Compiles a component, or loads it from the cache.
    pub(crate) fn compile(&self, wasm: &ComponentBytes) -> Result<Component, InvalidFunction> {
        let footprint = footprint_of(wasm)?;
        let cache = self.cache.as_ref();
        let compiled = cache::compiled(cache, &self.compiler, &self.wasmtime, wasm)?;
        footprint.ok_or(InvalidFunction::Footprint { bytes: u64::MAX })?;
        Ok(compiled.component)
    }
}
