//! Memories and stacks of instances, allocated once and reused by one invocation after another.
//!
//! Wasmtime's own pool asks the kernel after every invocation which pages were written: a quarter
//! of the cost of an invocation of a small function. This pool asks only if the thread has had a
//! page fault meanwhile (`faults`). A function that writes to the same pages again has none.
//!
//! All of this needs Linux. Elsewhere, or if the kernel does not count faults as expected, the host
//! uses wasmtime's pool.

mod address_space;
mod contents;
pub(crate) mod coverage;
mod faults;
mod max_map_count;
mod memory_pool;
mod memory_reset;
mod owner;
mod pagemap;
mod poll_scope;
mod resident_pages;
pub(crate) mod seeded_bugs;
pub(crate) mod sharded_free_list;
mod slot;
mod slot_indices;
mod stack_pool;
#[cfg(test)]
mod tests;
pub(crate) mod verify;

use std::io;
use std::sync::Arc;

use wasmtime::Config;

pub(crate) use memory_reset::{MemoryImage, MemoryReset, capture_memory};
pub(crate) use owner::{Owner, Registration};
pub(crate) use poll_scope::PollScope;

#[cfg(feature = "fuzzing")]
pub(crate) use pagemap::absent::finds_pages_that_are_not_present;

/// The error text if no slot is free.
pub(crate) const FULL: &str = "all slots are taken";

/// Slots beyond those of invocations: for the trial run of a function while it loads, which may
/// have as many memories as a function may.
const SPARE_SLOTS: usize = 8;

/// What happens to a function's free slot when another function needs one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handover {
    /// The other function gets the slot, without its pages.
    Emptied,
    /// The slot is unmapped entirely, including the kernel's tables of its pages, and a new one is
    /// created for the other function. No slot ever belongs to two functions.
    Unmapped,
}

/// Lets an engine take its memories and stacks from this pool, up to this many at once.
///
/// Verifies one in `verify_every` resets; 0 verifies none.
pub(crate) fn configure(
    config: &mut Config,
    slots: u32,
    verify_every: u32,
    handover: Handover,
) -> io::Result<()> {
    let slots = usize::try_from(slots)
        .unwrap_or(usize::MAX)
        .saturating_add(SPARE_SLOTS);
    let pagemap = pagemap::Pagemap::open()?;
    let memories = memory_pool::MemoryPool::new(slots, pagemap, verify_every, handover)?;
    memories.self_test()?;
    let stacks = stack_pool::StackPool::new(slots, handover)?;
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
