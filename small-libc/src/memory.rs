//! The instance's memory, as the allocator asks for it: the first heap, what the linker left behind it,
//! and then whatever the memory grows by.
#![expect(unsafe_code, reason = "it hands out memory that nobody owns")]

use std::alloc::Layout;
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use talc::base::Talc;
use talc::base::binning::Binning;
use talc::cell::TalcSyncCell;
use talc::source::Source;
use talc::wasm::WasmBinning;

/// WebAssembly's unit of memory, in bytes.
const PAGE: usize = 64 * 1024;

/// How much of an instance's first memory is heap, in bytes, whatever the linker leaves.
///
/// A request whose body fits in need not wait for memory to grow, which costs a host several
/// microseconds, and as many again to undo. Pages that are never written cost nothing.
const FIRST: usize = 256 * 1024;

/// An allocator over the instance's memory. There may only be one.
pub(crate) type Allocator = TalcSyncCell<Memory, WasmBinning>;

/// Makes the allocator; it claims memory as it needs it.
pub(crate) const fn allocator() -> Allocator {
    TalcSyncCell::new_wasm(Memory {
        stage: Stage::Nothing,
        end: None,
    })
}

/// Stands before the rest of the memory that the linker leaves free: nothing but a place.
#[repr(align(16))]
struct First(UnsafeCell<[MaybeUninit<u8>; FIRST]>);

// SAFETY: a component has one thread.
unsafe impl Sync for First {}

static FIRST_HEAP: First = First(UnsafeCell::new([MaybeUninit::uninit(); FIRST]));

/// How much of the memory the heap has.
#[derive(Debug)]
pub(crate) struct Memory {
    stage: Stage,
    /// Where the part of it ends that grows, once there is one.
    end: Option<NonNull<u8>>,
}

/// What the heap has so far.
#[derive(Debug)]
enum Stage {
    Nothing,
    /// The first heap.
    First,
    /// That, what the linker left behind it, and whatever the memory grew by.
    All,
}

unsafe extern "C" {
    /// Where the linker's data ends. Only its address means something.
    static mut __heap_base: u8;
}

// SAFETY: it does not allocate.
unsafe impl Source for Memory {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        // One after the other: what is claimed is written to, and a page that nobody writes to costs
        // nothing.
        match talc.source.stage {
            Stage::Nothing => {
                talc.source.stage = Stage::First;
                // SAFETY: nobody else uses it.
                unsafe { talc.claim(FIRST_HEAP.0.get().cast(), FIRST) };
                Ok(())
            }
            Stage::First => {
                talc.source.stage = Stage::All;
                let base = &raw mut __heap_base;
                let free = core::arch::wasm32::memory_size::<0>() * PAGE - base.addr();
                // SAFETY: from the base to the memory's end nothing is anybody's. Nothing comes of it
                // where the linker left too little.
                talc.source.end = unsafe { talc.claim(base, free) };
                Ok(())
            }
            Stage::All => grow(talc, layout),
        }
    }
}

fn grow<B: Binning>(talc: &mut Talc<Memory, B>, layout: Layout) -> Result<(), ()> {
    // The allocator's own bookkeeping comes on top.
    let wanted = layout.size() + layout.align() + 1024;
    let pages = wanted.div_ceil(PAGE);
    let old = core::arch::wasm32::memory_grow::<0>(pages);
    if old == usize::MAX {
        return Err(());
    }
    let start = ptr::with_exposed_provenance_mut::<u8>(old * PAGE);
    // SAFETY: memory that has just been made is nobody's; only this heap grows the memory.
    talc.source.end = unsafe {
        match talc.source.end {
            Some(end) => Some(talc.extend(end, start.wrapping_add(pages * PAGE))),
            None => talc.claim(start, pages * PAGE),
        }
    };
    Ok(())
}
