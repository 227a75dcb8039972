#![expect(unsafe_code, reason = "writes to memory as functions do")]

use std::sync::Arc;

use rustix::mm::{MapFlags, ProtFlags};
use wasmtime::{LinearMemory, MemoryCreator as _, MemoryType, StackCreator as _};

use super::DiscardMode;
use super::faults::FaultSnapshot;
use super::faults::tests::polled;
use super::mapping_thread;
use super::memory_pool::{GUARD, MemoryPool, RESERVATION};
use super::owner::Owner;
use super::pagemap::Pagemap;
use super::slot_indices::SlotIndices;
use super::slot_scope::SlotScope;
use super::stack_pool::{SIZE, StackPool};

const WASM_PAGE: usize = 64 << 10;

fn memories(slots: usize) -> MemoryPool {
    memories_with(slots, DiscardMode::Decommit)
}

fn memories_with(slots: usize, discard: DiscardMode) -> MemoryPool {
    let memories = MemoryPool::new(slots, Pagemap::open().unwrap(), 1, discard).unwrap();
    memories.self_test().unwrap();
    memories
}

/// Runs a closure as if within a poll of this function.
fn during<T>(owner: Owner, run: impl FnOnce() -> T) -> T {
    let _scope = SlotScope::enter(owner);
    run()
}

fn take(memories: &MemoryPool, pages: usize) -> Box<dyn LinearMemory> {
    let size = pages * WASM_PAGE;
    let pages = u32::try_from(pages).unwrap();
    let ty = MemoryType::new(pages, None);
    memories
        .new_memory(ty, size, None, Some(RESERVATION), GUARD)
        .unwrap()
}

fn bytes(memory: &mut dyn LinearMemory) -> &mut [u8] {
    // SAFETY: the memory is this long, accessible, and nobody else uses it.
    unsafe { std::slice::from_raw_parts_mut(memory.as_ptr(), memory.byte_size()) }
}

/// Pseudorandom numbers, the same in every run.
fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    usize::try_from(*seed >> 33).unwrap()
}

/// Uses a memory as a function might: writes to some pages, familiar or new ones, and grows.
fn use_up(memory: &mut dyn LinearMemory, seed: &mut u64) {
    assert!(bytes(memory).iter().all(|byte| *byte == 0));
    if next(seed).is_multiple_of(4) {
        let more = memory.byte_size() + next(seed) % 40 * WASM_PAGE;
        memory.grow_to(more).unwrap();
        assert!(bytes(memory).iter().all(|byte| *byte == 0));
    }
    let kinds = [1, 2, 3, 100, 400];
    let writes = kinds[next(seed) % kinds.len()];
    for _ in 0..writes {
        let all = bytes(memory);
        let at = next(seed) % all.len();
        // Mostly at offsets that others write to as well.
        let at = if next(seed).is_multiple_of(3) {
            at
        } else {
            at % 9000
        };
        all[at] = 7;
    }
}

/// Takes memories and uses them, one after another.
async fn take_and_use(memories: Arc<MemoryPool>, owners: [Owner; 2], mut seed: u64) {
    for _ in 0..300 {
        polled(async {
            let owner = owners[next(&mut seed) % owners.len()];
            let pages = 1 + next(&mut seed) % 2 * 20;
            let mut memory = during(owner, || take(&memories, pages));
            use_up(&mut *memory, &mut seed);
            if next(&mut seed).is_multiple_of(5) {
                tokio::task::yield_now().await;
                bytes(&mut *memory).fill(9);
            }
        })
        .await;
    }
}

/// Every memory is zeroed at first, whatever was written to the one before. Holds within one poll
/// and across polls, on one thread and on several, with other functions in between. One of the threads delegates its
/// changes of the map.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn new_memories_are_zeroed() {
    let memories = Arc::new(memories(4));
    let owners = [Owner::new(), Owner::new()];
    let delegating = {
        let using = take_and_use(Arc::clone(&memories), owners, 4);
        let runtime = tokio::runtime::Handle::current();
        std::thread::spawn(move || {
            mapping_thread::delegate();
            runtime.block_on(using);
        })
    };
    let tasks: Vec<_> = (1..=3)
        .map(|seed| tokio::spawn(take_and_use(Arc::clone(&memories), owners, seed)))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    delegating.join().unwrap();
}

/// A memory that has grown by much is freed step by step, wherever its slot begins, and is zeroed afterwards.
#[test]
fn large_memories_are_freed() {
    let memories = memories(1);
    let owner = Owner::new();
    for pages in [1, 63, 64, 65, 700] {
        let mut memory = during(owner, || take(&memories, 1));
        memory.grow_to((1 + pages) * WASM_PAGE).unwrap();
        assert!(bytes(&mut *memory).iter().all(|byte| *byte == 0));
        bytes(&mut *memory).fill(7);
        drop(memory);
    }
    let memory = during(owner, || take(&memories, 1));
    let beyond = memory.as_ptr().addr() + memory.byte_size();
    let found = Pagemap::open()
        .unwrap()
        .find_mapped(beyond..beyond + (64 << 20));
    assert_eq!(found.unwrap(), Vec::<usize>::new());
}

/// What another thread wrote meanwhile is cleared too, although this thread had no fault.
#[tokio::test]
async fn writes_of_other_threads_are_cleared() {
    let memories = memories(1);
    let (to, arriving) = std::sync::mpsc::channel::<Box<dyn LinearMemory>>();
    let (back, from) = std::sync::mpsc::channel();
    let other = std::thread::spawn(move || {
        for (number, mut memory) in arriving.into_iter().enumerate() {
            bytes(&mut *memory)[number * 8000] = 7;
            back.send(memory).unwrap();
        }
    });
    for _ in 0..20 {
        let mut memory = polled(async { take(&memories, 3) }).await;
        assert!(bytes(&mut *memory).iter().all(|byte| *byte == 0));
        to.send(memory).unwrap();
        let memory = from.recv().unwrap();
        polled(async { drop(memory) }).await;
    }
    drop(to);
    other.join().unwrap();
}

/// A function that writes to the same pages again causes no fault: its pages stay mapped.
#[tokio::test]
async fn rewritten_pages_stay_mapped() {
    let memories = memories(1);
    let owner = Owner::new();
    let mut without_faults = 0;
    for _ in 0..10 {
        polled(async {
            let mut memory = during(owner, || take(&memories, 2));
            let before = FaultSnapshot::now();
            bytes(&mut *memory)[9] = 7;
            without_faults += usize::from(before.no_faults_since());
        })
        .await;
    }
    assert!(without_faults > 5, "{without_faults}");
}

/// A slot keeps its pages for its owner, and loses them before another function gets it.
#[test]
fn memory_pages_are_dropped_before_another_function() {
    let pagemap = Pagemap::open().unwrap();
    let mapped = |memory: &mut dyn LinearMemory| {
        let start = memory.as_ptr().expose_provenance();
        let found = pagemap.find_written(start..start + memory.byte_size(), memory.byte_size());
        found.unwrap().parts.len()
    };
    let memories = memories(1);
    let (first, second) = (Owner::new(), Owner::new());
    let use_once = |owner: Owner| {
        let mut memory = during(owner, || take(&memories, 3));
        let found = mapped(&mut *memory);
        bytes(&mut *memory)[WASM_PAGE] = 7;
        found
    };
    assert_eq!((use_once(first), use_once(first)), (0, 1));
    assert_eq!((use_once(second), use_once(second)), (0, 1));
    // An unnamed function counts as a stranger, also to itself.
    let unnamed = || mapped(&mut *take(&memories, 3));
    assert_eq!((unnamed(), use_once(second)), (0, 0));
    assert_eq!((unnamed(), unnamed()), (0, 0));
}

/// The same for stacks: no other function learns how deep the calls of a function were.
#[test]
fn stack_pages_are_dropped_before_another_function() {
    let pagemap = Pagemap::open().unwrap();
    let stacks = StackPool::new(1, DiscardMode::Decommit).unwrap();
    let use_once = |owner: Owner| {
        let stack = during(owner, || stacks.new_stack(SIZE, false)).unwrap();
        let found = pagemap
            .find_written(stack.range(), SIZE)
            .unwrap()
            .parts
            .len();
        // SAFETY: the address lies within the stack, on which nothing runs.
        unsafe { stack.top().wrapping_sub(SIZE / 2).write(7) };
        found
    };
    let (first, second) = (Owner::new(), Owner::new());
    assert_eq!((use_once(first), use_once(first)), (0, 1));
    assert_eq!((use_once(second), use_once(second)), (0, 1));
}

/// Functions that alternate on one thread keep one slot each, up to a limit.
#[test]
fn alternating_functions_keep_their_slots() {
    let memories = memories(1000);
    let owners: Vec<_> = (0..40).map(|_| Owner::new()).collect();
    let use_all = || -> Vec<*mut u8> {
        let of = |owner: &Owner| during(*owner, || take(&memories, 1).as_ptr());
        owners.iter().map(of).collect()
    };
    assert_eq!(use_all(), use_all());
    let many: std::collections::HashSet<_> = (0..1000)
        .map(|_| during(Owner::new(), || take(&memories, 1).as_ptr()))
        .collect();
    assert!(many.len() <= 64, "{}", many.len());
}

/// The pool serves as many memories as it has slots. A free slot of another size can be used.
#[test]
fn memories_beyond_the_slots_are_refused() {
    let memories = memories(2);
    let (first, _second) = (take(&memories, 1), take(&memories, 1));
    let ty = MemoryType::new(1, None);
    let third = memories.new_memory(ty.clone(), WASM_PAGE, None, None, 0);
    assert!(third.is_err_and(|error| error.contains(super::FULL)));
    drop(first);
    assert_eq!(bytes(&mut *take(&memories, 3)).len(), 3 * WASM_PAGE);
    let beyond = memories.new_memory(ty, RESERVATION + 1, None, None, 0);
    assert!(beyond.is_err());
}

/// A growth that fails midway leaves nothing accessible, and no contents.
#[test]
fn failed_growth_is_undone() {
    let memories = memories(1);
    let mut memory = take(&memories, 1);
    let start = memory.as_ptr();
    // The memory grows across a read-only file, which cannot be made writable.
    let file = std::fs::File::open("/proc/self/exe").unwrap();
    let flags = MapFlags::SHARED | MapFlags::FIXED;
    let target = start.wrapping_add(3 * WASM_PAGE).cast();
    // SAFETY: the address lies within the slot, inaccessible, and nobody uses it.
    unsafe { rustix::mm::mmap(target, WASM_PAGE, ProtFlags::empty(), flags, &file, 0) }.unwrap();
    assert!(memory.grow_to(5 * WASM_PAGE).is_err());
    assert_eq!(memory.byte_size(), WASM_PAGE);
    // SAFETY: the kernel made this page accessible before it reached the file.
    unsafe { start.wrapping_add(2 * WASM_PAGE).write(42) };
    drop(memory);
    let mut memory = take(&memories, 1);
    assert_eq!(memory.as_ptr(), start);
    memory.grow_to(5 * WASM_PAGE).unwrap();
    assert!(bytes(&mut *memory).iter().all(|byte| *byte == 0));
}

/// The index of a slot that could not be created is handed out again.
#[test]
fn returned_indices_are_reused() {
    let indices = SlotIndices::new(2);
    assert_eq!(
        (indices.take(), indices.take(), indices.take()),
        (Some(0), Some(1), None)
    );
    indices.put(1);
    assert_eq!((indices.take(), indices.take()), (Some(1), None));
}

/// Whether a file is mapped at an address.
fn is_file_at(address: usize) -> bool {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let start = format!("{address:x}-");
    maps.lines()
        .any(|map| map.starts_with(&start) && map.contains('/'))
}

/// Maps an inaccessible file at an address. Only unmapping removes it.
fn map_file_at(address: usize) {
    let file = std::fs::File::open("/proc/self/exe").unwrap();
    let flags = MapFlags::SHARED | MapFlags::FIXED;
    let target = std::ptr::with_exposed_provenance_mut(address);
    // SAFETY: the address lies within a slot, and nobody uses it.
    unsafe { rustix::mm::mmap(target, WASM_PAGE, ProtFlags::empty(), flags, &file, 0) }.unwrap();
    assert!(is_file_at(address));
}

/// With `DiscardMode::Remap`, all mappings of a slot are gone once another function gets it, and
/// none are gone earlier.
#[test]
fn remapped_slot_keeps_no_mapping() {
    for (discard, stays) in [(DiscardMode::Decommit, true), (DiscardMode::Remap, false)] {
        let memories = memories_with(1, discard);
        let stacks = StackPool::new(1, discard).unwrap();
        let (first, second) = (Owner::new(), Owner::new());
        let memory = |owner: Owner| {
            let memory = during(owner, || take(&memories, 1));
            memory.as_ptr().expose_provenance()
        };
        let stack = |owner: Owner| {
            let stack = during(owner, || stacks.new_stack(SIZE, false)).unwrap();
            stack.range().start
        };
        let in_memory = memory(first) + 16 * WASM_PAGE;
        let in_stack = stack(first) + 4 * WASM_PAGE;
        for address in [in_memory, in_stack] {
            map_file_at(address);
        }
        let seen = || (is_file_at(in_memory), is_file_at(in_stack));
        let _ = (memory(first), stack(first));
        assert_eq!(seen(), (true, true), "{discard:?}");
        let _ = (memory(second), stack(second));
        assert_eq!(seen(), (stays, stays), "{discard:?}");
    }
}
