//! The engines that components run on, and what they may import there.

use std::sync::OnceLock;

use host_harness::{ComponentEngine, Harness, LoadErrorKind};
use wasmtime::component::Component;

use super::component_error::{ComponentError, reason};
use super::ephemeral::SLOTS;
use super::runtime::{self, HostLinker};

/// One engine for workers, and one for calls of ephemeral components.
pub(crate) struct Engines {
    harness: Harness,
    durable: LinkedEngine,
    /// Created once it is used: its pool takes a part of the address space.
    ephemeral: OnceLock<Result<LinkedEngine, String>>,
}

/// An engine, with what components may import.
pub(crate) struct LinkedEngine {
    pub(crate) engine: ComponentEngine,
    pub(crate) linker: HostLinker,
}

impl Engines {
    pub(crate) fn new(harness: Harness) -> wasmtime::Result<Self> {
        Ok(Self {
            durable: LinkedEngine::new(harness.deterministic_engine()?)?,
            ephemeral: OnceLock::new(),
            harness,
        })
    }

    /// The engine of workers, in which the same calls with the same answers always leave the same memory.
    pub(crate) fn durable(&self) -> &LinkedEngine {
        &self.durable
    }

    /// The engine of ephemeral components, whose memories and stacks come from a pool.
    pub(crate) fn ephemeral(&self) -> Result<&LinkedEngine, String> {
        let create = || {
            let engine = self.harness.pooled_engine(SLOTS);
            let linked = engine.and_then(LinkedEngine::new);
            linked.map_err(|error| format!("{error:#}"))
        };
        self.ephemeral
            .get_or_init(create)
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The engine that calls of a component run on.
    pub(crate) fn of(&self, is_ephemeral: bool) -> Result<&LinkedEngine, ComponentError> {
        match is_ephemeral {
            true => self.ephemeral().map_err(ComponentError::Host),
            false => Ok(self.durable()),
        }
    }
}

impl LinkedEngine {
    pub(super) fn new(engine: ComponentEngine) -> wasmtime::Result<Self> {
        let linker = runtime::link(engine.wasmtime())?;
        runtime::tick(engine.wasmtime())?;
        Ok(Self { engine, linker })
    }

    /// Compiles an upload, and checks that what it imports is there. Blocks while it does.
    pub(crate) fn check(&self, wasm: bytes::Bytes) -> Result<Component, ComponentError> {
        let component = self
            .engine
            .compile(wasm)
            .map_err(|error| match error.kind() {
                LoadErrorKind::NotCompiled => ComponentError::NotCompiled(reason(&error)),
                LoadErrorKind::Host | LoadErrorKind::Unreadable => {
                    ComponentError::Host(reason(&error))
                }
                _ => ComponentError::Invalid(reason(&error)),
            })?;
        let linked = self.linker.instantiate_pre(&component);
        linked.map_err(|error| ComponentError::Invalid(format!("{error:#}")))?;
        Ok(component)
    }
}

impl std::fmt::Debug for Engines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engines").finish_non_exhaustive()
    }
}
