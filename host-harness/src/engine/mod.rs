//! Runs invocations on wasmtime: configuration, admission, instances and limits.

mod admission;
pub(crate) mod background;
mod capacity;
mod command;
mod component_engine;
mod config;
pub(crate) mod contention;
mod failure;
mod fair_queue;
mod function;
mod idle_instances;
mod idle_permits;
mod instance;
mod invalid_function;
mod invocation_future;
mod invoke;
mod prepare;
mod prewarm;
mod reply;
mod reuse;
mod streaming_body;
mod task;
mod ticker;
mod timed_call;
mod trial;
mod watchdog;

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Linker;

use crate::compile::{CompilerProcess, cache, compiler, fingerprint};
use crate::limits::{FAR, Limits};
use crate::message::held_bodies::HeldBodies;
use crate::pool::Owner;
use crate::telemetry::MAX_DEPTH;
use crate::telemetry::metrics::QueueLengths;
use crate::wit::{self, HostInterfaces, State};
pub(crate) use component_engine::CompilingEngine;
pub(crate) use config::Pool;
pub(crate) use failure::Failure;
pub(crate) use function::{Function, describe_reuse};
pub(crate) use invalid_function::InvalidFunction;
pub(crate) use invoke::PendingInvocation;
pub(crate) use reply::Reply;
pub use reuse::Reuse;

/// The parts of an engine that tests and the fuzzer replace, for comparison.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) pool: Pool,
    /// Whether components may be rewritten: see `compile/rewrite`.
    pub(crate) rewrite: bool,
    /// Whether the functions belong to different tenants. Then slots never change owner, and the
    /// host's own pool is required.
    pub(crate) multi_tenant: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            pool: Pool::Own,
            rewrite: true,
            multi_tenant: false,
        }
    }
}

/// Runs functions. Every invocation has its own instance, newly created or reset to its initial
/// state.
pub(crate) struct Engine {
    wasmtime: wasmtime::Engine,
    linker: Linker<State>,
    /// Has files too.
    command_linker: Linker<State>,
    setup: Setup,
    limits: Limits,
    admission: admission::Admission,
    cache: Option<cache::Cache>,
    compiler: compiler::Compiler,
    idle: Arc<idle_instances::IdleInstances>,
    bodies: Arc<HeldBodies>,
    interfaces: HostInterfaces,
    /// Advance epochs, sweep idle instances, and watch for hung threads.
    _tickers: Vec<ticker::Ticker>,
}

impl Engine {
    /// Creates an engine.
    ///
    /// Caches compiled code, if a folder is given and usable. Compiles in this process if
    /// `compiler` is `None`.
    pub(crate) fn new(
        limits: Limits,
        cache: Option<&cache::Options>,
        setup: Setup,
        compiler: Option<CompilerProcess>,
        interfaces: HostInterfaces,
    ) -> wasmtime::Result<Arc<Self>> {
        let limits = Limits {
            depth: limits.depth.min(MAX_DEPTH),
            ..limits
        };
        let capacity = capacity::Capacity::of(&limits);
        let (wasmtime, allocation) = config::engine(&limits, &capacity, setup)?;
        let setup = Setup {
            pool: allocation.into(),
            ..setup
        };
        let fingerprint = fingerprint::of(&wasmtime);
        let mut linker = Linker::new(&wasmtime);
        wit::link(&mut linker, &interfaces)?;
        let mut command_linker = linker.clone();
        wit::link_command(&mut command_linker)?;
        let cache = cache.and_then(|options| {
            let cache = cache::Cache::open(options, fingerprint);
            cache.map_err(|unusable| unusable.warn()).ok()
        });
        let idle = Arc::new(idle_instances::IdleInstances::new(&capacity));
        Ok(Arc::new(Self {
            _tickers: vec![
                ticker::Ticker::epochs(&wasmtime)?,
                ticker::Ticker::sweeps(&idle)?,
            ]
            .into_iter()
            .chain(limits.watchdog.map(watchdog::start).transpose()?)
            .collect(),
            admission: admission::Admission::new(&capacity, limits.queue),
            cache,
            compiler: compiler::Compiler {
                process: compiler,
                allocation,
                fingerprint,
            },
            idle,
            bodies: HeldBodies::new(limits.body_memory),
            interfaces,
            wasmtime,
            linker,
            command_linker,
            setup,
            limits,
        }))
    }

    /// Sets which components' compiled code is never evicted from the cache.
    pub(crate) fn keep_compiled(&self, kept: cache::KeptHashes) {
        if let Some(cache) = &self.cache {
            cache.keep(kept);
        }
    }

    /// The host's limits.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What waits for a slot at this moment.
    pub(crate) fn queue_lengths(&self) -> QueueLengths {
        self.admission.queue_lengths()
    }

    /// The idle instances by function.
    pub(crate) fn idle_instances(&self) -> HashMap<Owner, u32> {
        self.idle.count()
    }

    /// The names of the interfaces that functions may import, besides WASI 0.2.
    pub(crate) fn offered(&self) -> Vec<String> {
        wit::offered(&self.interfaces)
    }

    /// The embedder's interfaces, for the functions that use them.
    pub(crate) fn interfaces(&self) -> Arc<[Arc<dyn Any + Send + Sync>]> {
        let interfaces = self.interfaces.iter().cloned();
        interfaces
            .map(|interface| -> Arc<dyn Any + Send + Sync> { interface })
            .collect()
    }

    /// The budget for bodies of all functions that the host holds in memory.
    pub(crate) fn bodies(&self) -> Arc<HeldBodies> {
        Arc::clone(&self.bodies)
    }

    /// How long a client may read nothing of a response before its connection closes.
    pub(crate) fn client_timeout(&self) -> Duration {
        self.limits.client_timeout.min(FAR)
    }

    /// The time limits of a connection: until the head of its first request is complete, between
    /// two requests, and while all its requests wait for the client.
    pub(crate) fn idle_timeouts(&self) -> [Duration; 3] {
        let limits = &self.limits;
        [
            limits.head_timeout,
            limits.idle_timeout,
            limits.client_timeout,
        ]
    }

    /// The maximum depth of calls.
    pub(crate) fn max_depth(&self) -> u32 {
        self.limits.depth
    }
}
