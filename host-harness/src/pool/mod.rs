//! Memories and stacks of instances, allocated once and reused by one invocation after the other.
//!
//! Wasmtime has a pool of its own, and asks the kernel after each invocation which pages of its
//! memory were written to: a quarter of what an invocation of a small function costs. Here the
//! kernel is asked only if the thread has had a page fault meanwhile (`faults`), which it has not
//! where a function writes to the same pages again. All of it is Linux's; elsewhere, and where the
//! kernel does not count as it should, the pool is wasmtime's.

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

/// What an error says where no slot is left.
pub(crate) const FULL: &str = "all slots are taken";

/// Places for what runs besides the invocations: a function that is tried out as it is loaded, with as
/// many memories as one may have.
const MORE: usize = 8;

/// What becomes of a free slot of one function's where another function needs one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handover {
    /// The other function gets the slot, without its pages.
    Emptied,
    /// The slot is unmapped as a whole, with the kernel's tables of its pages, and another slot is made
    /// for the other function: no slot ever belongs to two functions.
    Unmapped,
}

/// Lets the engine take its memories and stacks from here, as many at once as there are places.
/// One of `verify_every` that are reset is verified; none with 0.
pub(crate) fn configure(
    config: &mut Config,
    places: u32,
    verify_every: u32,
    handover: Handover,
) -> io::Result<()> {
    let places = usize::try_from(places)
        .unwrap_or(usize::MAX)
        .saturating_add(MORE);
    let pagemap = pagemap::Pagemap::open()?;
    let memories = memory_pool::MemoryPool::new(places, pagemap, verify_every, handover)?;
    memories.self_test()?;
    let stacks = stack_pool::StackPool::new(places, handover)?;
    max_map_count::check(places);
    lay_out(config);
    config
        .with_host_memory(Arc::new(memories))
        .with_host_stack(Arc::new(stacks));
    Ok(())
}

/// Lets code be compiled for memories and stacks from here.
pub(crate) fn lay_out(config: &mut Config) {
    config
        .async_stack_size(stack_pool::SIZE)
        .memory_reservation(memory_pool::RESERVATION as u64)
        .memory_guard_size(memory_pool::GUARD as u64)
        // Their pages are written to in place instead: such memory is not mapped from a file.
        .memory_init_cow(false);
}
