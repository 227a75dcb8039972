//! Memories and stacks of instances, allocated once and reused by one invocation after another.
//!
//! Wasmtime's own pool asks the kernel after every invocation which pages were written: a quarter
//! of the cost of an invocation of a small function. This pool asks only if the thread has had a
//! page fault meanwhile (`faults`). A function that writes to the same pages again has none.
//!
//! All of this needs Linux. Elsewhere, or if the kernel does not count faults as expected, the host
//! uses wasmtime's pool.

#![cfg_attr(
    not(all(target_os = "linux", target_pointer_width = "64")),
    expect(
        dead_code,
        reason = "only this pool's own slots have owners and are counted"
    )
)]

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod address_space;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod contents;
pub(crate) mod coverage;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod faults;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod linux;
pub(crate) mod mapping_thread;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod max_map_count;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod memory_pool;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod memory_reset;
mod owner;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod pagemap;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod resident_pages;
pub(crate) mod seeded_bugs;
pub(crate) mod sharded_free_list;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod slot;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod slot_indices;
mod slot_scope;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod stack_pool;
#[cfg(test)]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod tests;
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
mod unsupported;
pub(crate) mod verify;

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) use linux::{configure, set_memory_layout};
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) use memory_reset::{MemoryImage, MemoryReset, capture_memory};
pub(crate) use owner::{Owner, Registration};
pub(crate) use slot_scope::SlotScope;
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub(crate) use unsupported::{
    MemoryImage, MemoryReset, capture_memory, configure, set_memory_layout,
};

#[cfg(all(feature = "fuzzing", target_os = "linux", target_pointer_width = "64"))]
pub(crate) use pagemap::absent::finds_pages_that_are_not_present;
#[cfg(all(
    feature = "fuzzing",
    not(all(target_os = "linux", target_pointer_width = "64"))
))]
pub(crate) use unsupported::finds_pages_that_are_not_present;

/// The error text if no slot is free.
pub(crate) const FULL: &str = "all slots are taken";

/// How the pages of a function's free slot are discarded before another function gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiscardMode {
    /// The slot's pages are returned to the kernel, and its mapping stays.
    Decommit,
    /// The slot is unmapped entirely, including the kernel's tables of its pages, and a new one is
    /// created for the other function. No slot ever belongs to two functions.
    Remap,
}
