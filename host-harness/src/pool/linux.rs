//! Configures an engine to use this pool.

use std::io;
use std::sync::Arc;

use wasmtime::Config;

use super::memory_pool::{self, MemoryPool};
use super::pagemap::Pagemap;
use super::stack_pool::{self, StackPool};
use super::{DiscardMode, max_map_count};

/// Slots beyond those of invocations: for the trial run of a function while it loads, which may
/// have as many memories as a function may.
const SPARE_SLOTS: usize = 8;

/// Lets an engine take its memories and stacks from this pool, up to this many at once.
///
/// Verifies one in `verify_every` resets; 0 verifies none.
pub(crate) fn configure(
    config: &mut Config,
    slots: u32,
    verify_every: u32,
    discard: DiscardMode,
) -> io::Result<()> {
    let slots = usize::try_from(slots)
        .unwrap_or(usize::MAX)
        .saturating_add(SPARE_SLOTS);
    let pagemap = Pagemap::open()?;
    let memories = MemoryPool::new(slots, pagemap, verify_every, discard)?;
    memories.self_test()?;
    let stacks = StackPool::new(slots, discard)?;
    max_map_count::check(slots);
    set_memory_layout(config);
    config
        .with_host_memory(Arc::new(memories))
        .with_host_stack(Arc::new(stacks));
    Ok(())
}

/// Sets the memory layout of this pool, for compiled code.
pub(crate) fn set_memory_layout(config: &mut Config) {
    config
        .async_stack_size(stack_pool::SIZE)
        .memory_reservation(memory_pool::RESERVATION as u64)
        .memory_guard_size(memory_pool::GUARD as u64)
        // The pool writes initial contents in place, so memory is not mapped from a file.
        .memory_init_cow(false);
}
