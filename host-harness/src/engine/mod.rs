//! Wasmtime: how it is configured, what one invocation is, and what bounds it.

mod config;
mod failure;
mod function;
mod huge_pages;
mod invoke;
mod limits;
mod meter;
mod permits;
mod streamed;
mod ticker;

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Linker;

pub(crate) use failure::Failure;
pub(crate) use function::{Function, InvalidFunction};
pub use limits::Limits;

use crate::interfaces::{self, State};
use crate::telemetry::MAX_DEPTH;

/// Runs functions: each invocation in an instance of its own.
pub(crate) struct Engine {
    wasmtime: wasmtime::Engine,
    linker: Linker<State>,
    limits: Limits,
    permits: permits::Permits,
    _ticker: ticker::Ticker,
}

impl Engine {
    pub(crate) fn new(limits: Limits) -> wasmtime::Result<Arc<Self>> {
        let limits = Limits {
            depth: limits.depth.min(MAX_DEPTH),
            ..limits
        };
        let wasmtime = config::engine(&limits)?;
        let mut linker = Linker::new(&wasmtime);
        interfaces::link(&mut linker)?;
        Ok(Arc::new(Self {
            _ticker: ticker::Ticker::start(&wasmtime)?,
            permits: permits::Permits::new(&limits),
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
