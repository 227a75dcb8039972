//! Wasmtime: how it is configured, what one invocation is, and what bounds it.

mod background;
mod cache;
mod config;
mod failure;
mod footprint;
mod function;
mod instance;
mod invoke;
mod kept;
mod limits;
mod permits;
#[cfg_attr(
    not(all(target_os = "linux", target_pointer_width = "64")),
    path = "places/elsewhere.rs"
)]
mod places;
mod rewrite;
mod running;
mod shelves;
mod streamed;
mod ticker;
mod wasm;
mod watchdog;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Linker;

pub(crate) use failure::Failure;
pub(crate) use function::{Function, InvalidFunction};
pub use limits::Limits;
pub(crate) use wasm::Wasm;

use crate::interfaces::{self, State};
use crate::telemetry::MAX_DEPTH;

/// Runs functions: each invocation in an instance of its own, which is new or as if it were.
pub(crate) struct Engine {
    wasmtime: wasmtime::Engine,
    linker: Linker<State>,
    limits: Limits,
    permits: permits::Permits,
    cache: Option<cache::Cache>,
    kept: Arc<kept::Kept>,
    /// That of epochs, that of sweeps, and the watchdog.
    _tickers: Vec<ticker::Ticker>,
}

impl Engine {
    /// With a folder, keeps there what it compiles; where it cannot, it goes without.
    pub(crate) fn new(limits: Limits, cache: Option<&Path>) -> wasmtime::Result<Arc<Self>> {
        let limits = Limits {
            depth: limits.depth.min(MAX_DEPTH),
            ..limits
        };
        let wasmtime = config::engine(&limits)?;
        let mut linker = Linker::new(&wasmtime);
        interfaces::link(&mut linker)?;
        let cache = cache.and_then(|folder| {
            let cache = cache::Cache::open(folder, &wasmtime);
            cache.map_err(|unusable| unusable.warn()).ok()
        });
        let kept = Arc::new(kept::Kept::new(&limits));
        Ok(Arc::new(Self {
            _tickers: vec![
                ticker::Ticker::of_epochs(&wasmtime)?,
                ticker::Ticker::of_sweeps(&kept)?,
            ]
            .into_iter()
            .chain(limits.watchdog.map(watchdog::start).transpose()?)
            .collect(),
            permits: permits::Permits::new(&limits),
            cache,
            kept,
            wasmtime,
            linker,
            limits,
        }))
    }

    /// How long a client may take nothing of what waits for it.
    pub(crate) fn client_timeout(&self) -> Duration {
        self.limits.client_timeout
    }

    /// How many calls within calls there may be.
    pub(crate) fn max_depth(&self) -> u32 {
        self.limits.depth
    }
}
