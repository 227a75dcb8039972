//! Wasmtime's settings that compiled code depends on.

use wasmtime::{Config, InstanceAllocationStrategy};

use crate::pool;

/// Where an engine's memories come from. Compiled code depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allocation {
    /// The host's own pool.
    HostPool,
    /// The same, for instances that are never reset.
    HostPoolOnce,
    /// Wasmtime's pool.
    WasmtimePool,
    /// A new memory for each instance.
    OnDemand,
    /// The same, for instances that compute the same in every run.
    Deterministic,
}

impl Allocation {
    const ALL: [Self; 5] = [
        Self::HostPool,
        Self::HostPoolOnce,
        Self::WasmtimePool,
        Self::OnDemand,
        Self::Deterministic,
    ];

    /// The name for the command line of the compiler process.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::HostPool => "host-pool",
            Self::HostPoolOnce => "host-pool-once",
            Self::WasmtimePool => "wasmtime-pool",
            Self::OnDemand => "on-demand",
            Self::Deterministic => "deterministic",
        }
    }

    /// The allocation with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|allocation| allocation.name() == name)
    }
}

/// An engine that only compiles code for another one.
pub(crate) fn compiling(allocation: Allocation) -> wasmtime::Result<wasmtime::Engine> {
    let mut config = match allocation {
        Allocation::HostPool => {
            let mut config = base();
            pool::set_memory_layout(&mut config);
            config
        }
        Allocation::HostPoolOnce => {
            let mut config = pooled_once();
            pool::set_memory_layout(&mut config);
            config
        }
        Allocation::WasmtimePool => base(),
        Allocation::OnDemand => on_demand(),
        Allocation::Deterministic => deterministic(),
    };
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    wasmtime::Engine::new(&config)
}

/// The settings that all engines share.
pub(crate) fn base() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Functions use no concurrency, and every call would pay for it.
        .concurrency_support(false)
        .epoch_interruption(true);
    config
}

/// The settings of an engine that allocates a memory for each instance.
pub(crate) fn on_demand() -> Config {
    let mut config = base();
    config
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        // There is no room to reserve 4 GiB for each memory.
        .memory_reservation(0)
        .memory_guard_size(64 * 1024)
        .memory_reservation_for_growth(1024 * 1024);
    config
}

/// The settings of an engine for an embedder's components in the host's own pool. They differ from those of
/// functions, whose compiled code is another.
pub(crate) fn pooled_once() -> Config {
    let mut config = base();
    config.wasm_threads(false);
    config
}

/// The settings of an engine in which the same calls with the same answers always leave the same memory.
pub(crate) fn deterministic() -> Config {
    let mut config = on_demand();
    config
        // Of address space: a memory that outgrows it is copied, so each step of 1 MiB would copy all of it.
        .memory_reservation_for_growth(64 << 20)
        .wasm_threads(false)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true);
    config
}
