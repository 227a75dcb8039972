//! Wasmtime's settings. The unusual ones were measured: see `docs/decisions`.

use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::Setup;
use super::capacity::Capacity;
use crate::compile::config::{Allocation, base, on_demand, pooled_once};
use crate::limits::Limits;
use crate::pool;
use crate::pool::DiscardMode;

/// The maximum core instances, and tables, of one component. A function made with the SDK has up to
/// four.
const CORE_PER_COMPONENT: u32 = 8;

/// How much of a freed memory or table is cleared in place instead of decommitted, in bytes.
const KEEP_RESIDENT: usize = 256 * 1024;

/// Where memories and stacks come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pool {
    /// The host's own pool, or wasmtime's if the system does not support it.
    #[default]
    Own,
    /// Wasmtime's pool. No instance is reused.
    Wasmtime,
}

impl From<Allocation> for Pool {
    fn from(allocation: Allocation) -> Self {
        match allocation {
            Allocation::HostPool | Allocation::HostPoolOnce => Self::Own,
            Allocation::WasmtimePool | Allocation::OnDemand | Allocation::Deterministic => {
                Self::Wasmtime
            }
        }
    }
}

/// Creates an engine with a slot for every concurrent instance, or without slots if they do not fit
/// the address space.
///
/// Also returns where its memories and stacks come from.
pub(super) fn engine(
    limits: &Limits,
    capacity: &Capacity,
    setup: Setup,
) -> wasmtime::Result<(wasmtime::Engine, Allocation)> {
    if setup.pool == Pool::Own {
        match own(limits, capacity, setup) {
            Ok(engine) => return Ok((engine, Allocation::HostPool)),
            // Wasmtime's slots change owner with their pages mapped.
            Err(error) if setup.multi_tenant => return Err(error.context(NO_POOL)),
            Err(error) => tracing::warn!(
                "the host's own memory pool is not available ({error:#}); using wasmtime's, which \
                 takes several times longer per request and reuses no instance. The host's pool needs \
                 64-bit Linux, a readable /proc/self/pagemap, and address space (ulimit -v unlimited)",
            ),
        }
    }
    without_own(limits, capacity)
}

/// Why a multi-tenant host has no engine.
pub(super) const NO_POOL: &str = "--multi-tenant needs the host's own memory pool, which needs 64-bit Linux, a \
                       readable /proc/self/pagemap, and address space (ulimit -v unlimited)";

/// Creates an engine with wasmtime's pool, or without a pool if the address space is too small.
fn without_own(
    limits: &Limits,
    capacity: &Capacity,
) -> wasmtime::Result<(wasmtime::Engine, Allocation)> {
    let slots = capacity.slots();
    let pooled = wasmtime::Engine::new(&pooled(limits, slots));
    let pooled = pooled.map(|engine| (engine, Allocation::WasmtimePool));
    pooled.or_else(|error| {
        let engine = wasmtime::Engine::new(&on_demand())?;
        tracing::warn!(
            "no room for a pool of {slots} instances ({error:#}); creating each from scratch, which is \
             several times slower. Raise the limit on address space (ulimit -v), or lower \
             --max-concurrency or --max-depth",
        );
        Ok((engine, Allocation::OnDemand))
    })
}

/// Creates an engine with the host's own memories and stacks.
fn own(limits: &Limits, capacity: &Capacity, setup: Setup) -> wasmtime::Result<wasmtime::Engine> {
    with_own_pool(base(), limits, setup, capacity.pool_slots())
}

/// Creates an engine for an embedder's components, with memories and stacks of its own in the host's way.
pub(super) fn pooled_components(
    limits: &Limits,
    setup: Setup,
    memories: u32,
) -> wasmtime::Result<wasmtime::Engine> {
    if setup.pool != Pool::Own {
        wasmtime::bail!("the host's own memory pool is not available");
    }
    with_own_pool(pooled_once(), limits, setup, memories)
}

fn with_own_pool(
    mut config: Config,
    limits: &Limits,
    setup: Setup,
    slots: u32,
) -> wasmtime::Result<wasmtime::Engine> {
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    let discard = match setup.multi_tenant {
        true => DiscardMode::Remap,
        false => DiscardMode::Decommit,
    };
    pool::configure(&mut config, slots, limits.verify_reuse, discard)?;
    wasmtime::Engine::new(&config)
}

fn pooled(limits: &Limits, slots: u32) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_memories(slots)
        .total_stacks(slots)
        .total_core_instances(slots.saturating_mul(CORE_PER_COMPONENT))
        .total_tables(slots.saturating_mul(CORE_PER_COMPONENT))
        // The inlined shim adds one table: see `compile/rewrite`.
        .max_tables_per_module(CORE_PER_COMPONENT)
        .max_memory_size(limits.most_memory())
        .max_memories_per_module(limits.memories)
        // Wasmtime 48 scans for pages that are both written and present. A page that is swapped out
        // when an instance is dropped keeps its contents, and the next instance reads them
        // (https://github.com/bytecodealliance/wasmtime/pull/14357).
        .pagemap_scan(Enabled::No)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT);
    let mut config = base();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
