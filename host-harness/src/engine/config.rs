//! Wasmtime's settings. Those that look odd were measured: see `docs/decisions`.

use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::{Setup, admission, idle_instances};
use crate::compile::config::{Allocation, base, on_demand};
use crate::limits::Limits;
use crate::pool;
use crate::pool::Handover;

/// Core instances, and tables, of one component: a function made with the SDK has up to four.
const CORE_PER_COMPONENT: u32 = 8;

/// How much of a freed memory or table is cleared in place rather than given back, in bytes.
const KEEP_RESIDENT: usize = 256 * 1024;

/// Where memories and stacks come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pool {
    /// The host's own, or wasmtime's where the system does not support it.
    #[default]
    Own,
    /// Wasmtime's, in which no instance is reused.
    Wasmtime,
}

impl From<Allocation> for Pool {
    fn from(allocation: Allocation) -> Self {
        match allocation {
            Allocation::HostPool => Self::Own,
            Allocation::WasmtimePool | Allocation::OnDemand => Self::Wasmtime,
        }
    }
}

/// An engine with a place for as many instances as there may be at once; without, where they do not
/// fit the address space.
///
/// Says as well where its memories and stacks come from.
pub(super) fn engine(
    limits: &Limits,
    setup: Setup,
) -> wasmtime::Result<(wasmtime::Engine, Allocation)> {
    if setup.pool == Pool::Own {
        match own(limits, setup) {
            Ok(engine) => return Ok((engine, Allocation::HostPool)),
            // Wasmtime's slots change hands, with their pages mapped.
            Err(error) if setup.multi_tenant => return Err(error.context(NO_POOL)),
            Err(error) => tracing::warn!(
                "the host's own memory pool is not available ({error:#}); using wasmtime's, in which \
                 a request takes several times longer and no instance is reused. It needs Linux on \
                 64 bits, a readable /proc/self/pagemap, and address space (ulimit -v unlimited)",
            ),
        }
    }
    without_own(limits)
}

/// Why there is no engine for functions of strangers.
const NO_POOL: &str = "--multi-tenant needs the host's own memory pool, which takes Linux on 64 bits, a \
                       readable /proc/self/pagemap, and address space (ulimit -v unlimited)";

/// With wasmtime's pool, or without a pool where that has no room.
fn without_own(limits: &Limits) -> wasmtime::Result<(wasmtime::Engine, Allocation)> {
    let places = admission::total_slots(limits);
    let pooled = wasmtime::Engine::new(&pooled(limits));
    let pooled = pooled.map(|engine| (engine, Allocation::WasmtimePool));
    pooled.or_else(|error| {
        let engine = wasmtime::Engine::new(&on_demand())?;
        tracing::warn!(
            "no room for a pool of {places} instances ({error:#}); making each from scratch, which is \
             several times slower. Raise the limit on address space (ulimit -v), or lower \
             --max-concurrency or --max-depth",
        );
        Ok((engine, Allocation::OnDemand))
    })
}

/// With memories and stacks of the host's own.
fn own(limits: &Limits, setup: Setup) -> wasmtime::Result<wasmtime::Engine> {
    // A function that is tried out as it is loaded has no permit.
    let more = limits.memories.saturating_sub(1);
    let places = admission::total_slots(limits)
        .saturating_add(idle_instances::capacity(limits))
        .saturating_add(more);
    let mut config = base();
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    let handover = match setup.multi_tenant {
        true => Handover::Unmapped,
        false => Handover::Emptied,
    };
    pool::configure(&mut config, places, limits.verify_reuse, handover)?;
    wasmtime::Engine::new(&config)
}

fn pooled(limits: &Limits) -> Config {
    let places = admission::total_slots(limits);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(places)
        .total_memories(places)
        .total_stacks(places)
        .total_core_instances(places.saturating_mul(CORE_PER_COMPONENT))
        .total_tables(places.saturating_mul(CORE_PER_COMPONENT))
        // The shim's is one more: see `rewrite`.
        .max_tables_per_module(CORE_PER_COMPONENT)
        .max_memory_size(limits.memory)
        .max_memories_per_module(limits.memories)
        // Wasmtime 48 asks for pages that are written to and present: one that is swapped out as an
        // instance goes keeps its contents, and the next instance reads them
        // (https://github.com/bytecodealliance/wasmtime/pull/14357).
        .pagemap_scan(Enabled::No)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT);
    let mut config = base();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
