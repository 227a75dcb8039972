//! An engine for components whose calls are replayed: compiled under the same checks as functions.

use wasmtime::component::Component;

use super::prepare::footprint_of;
use super::{Engine, InvalidFunction};
use crate::compile::ComponentBytes;
use crate::compile::cache::{self, Cache};
use crate::compile::compiler::Compiler;
use crate::compile::config::{self, Allocation};
use crate::compile::fingerprint;

/// Compiles for its own engine, in the host's compiler process, and caches in the host's folder.
pub(crate) struct Deterministic {
    pub(crate) wasmtime: wasmtime::Engine,
    compiler: Compiler,
    cache: Option<Cache>,
}

impl Engine {
    /// Creates such an engine.
    pub(crate) fn deterministic(&self) -> wasmtime::Result<Deterministic> {
        let wasmtime = wasmtime::Engine::new(&config::deterministic())?;
        let fingerprint = fingerprint::of(&wasmtime);
        Ok(Deterministic {
            compiler: Compiler {
                process: self.compiler.process.clone(),
                allocation: Allocation::Deterministic,
                fingerprint,
            },
            cache: self
                .cache
                .as_ref()
                .map(|cache| cache.for_engine(fingerprint)),
            wasmtime,
        })
    }
}

impl Deterministic {
    /// Compiles a component, or loads it from the cache.
    pub(crate) fn compile(&self, wasm: &ComponentBytes) -> Result<Component, InvalidFunction> {
        let footprint = footprint_of(wasm)?;
        let cache = self.cache.as_ref();
        let compiled = cache::compiled(cache, &self.compiler, &self.wasmtime, wasm)?;
        footprint.ok_or(InvalidFunction::Footprint { bytes: u64::MAX })?;
        Ok(compiled.component)
    }
}
