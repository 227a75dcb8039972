//! Allocates, grows, shrinks and frees blocks of all sizes and alignments in random order.
//!
//! No block may overlap another, or lose its contents.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, realloc};

const BLOCKS: usize = 64;

struct Block {
    start: *mut u8,
    layout: Layout,
    mark: u8,
}

/// A pseudo-random sequence, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % below
    }

    fn layout(&mut self) -> Layout {
        // Mostly small, sometimes larger than the initial memory.
        let most = if self.next(50) == 0 { 300_000 } else { 600 };
        let size = 1 + self.next(most);
        Layout::from_size_align(size, 1 << self.next(8)).unwrap_or(Layout::new::<u8>())
    }
}

/// Returns the number of correct steps, which has to be all of them.
pub(crate) fn exercise(steps: usize) -> usize {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut blocks: Vec<Option<Block>> = (0..BLOCKS).map(|_| None).collect();
    (0..steps)
        .filter(|step| {
            let place = numbers.next(BLOCKS);
            let mark = u8::try_from(step % 251).unwrap_or(0);
            blocks
                .get_mut(place)
                .is_some_and(|block| one_step(block, mark, &mut numbers))
        })
        .count()
}

#[expect(unsafe_code, reason = "the allocator's own interface")]
fn one_step(place: &mut Option<Block>, mark: u8, numbers: &mut Numbers) -> bool {
    let Some(mut block) = place.take() else {
        let layout = numbers.layout();
        let zeroed = mark.is_multiple_of(2);
        // SAFETY: the size is not zero.
        let start = unsafe {
            if zeroed {
                alloc_zeroed(layout)
            } else {
                alloc(layout)
            }
        };
        if start.is_null() || start.addr() % layout.align() != 0 {
            return false;
        }
        let block = place.insert(Block {
            start,
            layout,
            mark,
        });
        let clean = !zeroed || block.bytes(layout.size()).iter().all(|byte| *byte == 0);
        block.fill();
        return clean;
    };
    let size = block.layout.size();
    let kept = block.bytes(size).iter().all(|byte| *byte == block.mark);
    if numbers.next(3) == 0 {
        // SAFETY: the block was allocated with this layout.
        unsafe { dealloc(block.start, block.layout) };
        return kept;
    }
    let new_size = numbers.layout().size();
    // SAFETY: the block was allocated with this layout, and the new size is not zero.
    let start = unsafe { realloc(block.start, block.layout, new_size) };
    if start.is_null() || start.addr() % block.layout.align() != 0 {
        return false;
    }
    block.start = start;
    let moved = block
        .bytes(size.min(new_size))
        .iter()
        .all(|byte| *byte == block.mark);
    block.layout = Layout::from_size_align(new_size, block.layout.align()).unwrap_or(block.layout);
    block.mark = mark;
    block.fill();
    *place = Some(block);
    kept && moved
}

#[expect(unsafe_code, reason = "the allocator's own interface")]
impl Block {
    fn bytes(&self, length: usize) -> &[u8] {
        // SAFETY: the block has at least this length, and was written when it was allocated.
        unsafe { std::slice::from_raw_parts(self.start, length) }
    }

    fn fill(&mut self) {
        // SAFETY: the block has this length.
        unsafe { self.start.write_bytes(self.mark, self.layout.size()) };
    }
}
