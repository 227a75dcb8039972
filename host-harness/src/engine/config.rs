//! Wasmtime's settings. Those that look odd were measured: see `ARCHITECTURE.md`.

use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::{Limits, kept, permits, places};

/// Core instances, and tables, of one component: a function made with the SDK has up to four.
const CORE_PER_COMPONENT: u32 = 8;

/// How much of a freed memory or table is cleared in place rather than given back, in bytes.
const KEEP_RESIDENT: usize = 256 * 1024;

/// An engine with a place for as many instances as there may be at once; without, where they do not
/// fit the address space.
pub(super) fn engine(limits: &Limits) -> wasmtime::Result<wasmtime::Engine> {
    let places = permits::places(limits);
    // A function that is tried out as it is loaded has no permit.
    let more = limits.memories.saturating_sub(1);
    let own = places
        .saturating_add(kept::most(limits))
        .saturating_add(more);
    let own = own_slots(own).inspect_err(|error| {
        tracing::debug!("memories and stacks are of wasmtime's pool: {error:#}");
    });
    let pooled = own.or_else(|_| wasmtime::Engine::new(&pooled(limits)));
    pooled.or_else(|error| {
        let engine = wasmtime::Engine::new(&on_demand())?;
        tracing::warn!(
            "no room for a pool of {places} instances ({error:#}); making each from scratch, which is \
             several times slower. Raise the limit on address space (ulimit -v), or lower \
             --max-concurrency or --max-depth",
        );
        Ok(engine)
    })
}

/// With memories and stacks of the host's own.
fn own_slots(places: u32) -> wasmtime::Result<wasmtime::Engine> {
    let mut config = base();
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    places::offer(&mut config, places)?;
    wasmtime::Engine::new(&config)
}

fn base() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Functions need none of it, and every call would pay for it.
        .concurrency_support(false)
        .epoch_interruption(true);
    config
}

fn pooled(limits: &Limits) -> Config {
    let places = permits::places(limits);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(places)
        .total_memories(places)
        .total_stacks(places)
        .total_core_instances(places.saturating_mul(CORE_PER_COMPONENT))
        .total_tables(places.saturating_mul(CORE_PER_COMPONENT))
        .max_memory_size(limits.memory)
        .max_memories_per_module(limits.memories)
        // Clearing a little in place is cheaper than giving it back, where the kernel can tell
        // which pages were written; without that it is dearer.
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT);
    let mut config = base();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

fn on_demand() -> Config {
    let mut config = base();
    config
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        // Reserving 4 GiB for each memory is what there is no room for.
        .memory_reservation(0)
        .memory_guard_size(64 * 1024)
        .memory_reservation_for_growth(1024 * 1024);
    config
}
