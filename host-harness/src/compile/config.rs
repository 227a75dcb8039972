//! Wasmtime's settings that compiled code depends on.

use wasmtime::{Config, InstanceAllocationStrategy};

use crate::pool;

/// Where an engine has its memories from, which is part of what code is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allocation {
    /// From the host's own places.
    Places,
    /// From wasmtime's pool.
    Pool,
    /// Each memory is made for its instance.
    OnDemand,
}

impl Allocation {
    const ALL: [Self; 3] = [Self::Places, Self::Pool, Self::OnDemand];

    /// How it is named to another process.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Places => "places",
            Self::Pool => "pool",
            Self::OnDemand => "on-demand",
        }
    }

    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// An engine that compiles what another one runs, in a process that has no room for instances.
pub(crate) fn compiling(allocation: Allocation) -> wasmtime::Result<wasmtime::Engine> {
    let mut config = match allocation {
        Allocation::Places => {
            let mut config = base();
            pool::set_memory_layout(&mut config);
            config
        }
        Allocation::Pool => base(),
        Allocation::OnDemand => on_demand(),
    };
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    wasmtime::Engine::new(&config)
}

/// What all engines have in common.
pub(crate) fn base() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Functions need none of it, and every call would pay for it.
        .concurrency_support(false)
        .epoch_interruption(true);
    config
}

/// For an engine that makes each memory for its instance.
pub(crate) fn on_demand() -> Config {
    let mut config = base();
    config
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        // Reserving 4 GiB for each memory is what there is no room for.
        .memory_reservation(0)
        .memory_guard_size(64 * 1024)
        .memory_reservation_for_growth(1024 * 1024);
    config
}
