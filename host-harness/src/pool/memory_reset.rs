//! Resets the memory of an idle instance to its initial state.
#![expect(unsafe_code, reason = "reads and writes the memory of functions")]

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;

use super::address_space::Region;
use super::contents;
use super::coverage::{self, Point};
use super::faults::FaultSnapshot;
use super::pagemap::Pagemap;
use super::resident_pages::{KEEP_RESIDENT, ResidentPages};

/// The initial contents of a memory, page by page: the bytes from the first to the last that is not
/// zero.
pub(crate) struct MemoryImage {
    parts: Vec<(usize, Box<[u8]>)>,
}

/// Access to the memory of one instance, apart from the instance.
pub(crate) struct MemoryReset {
    region: Region,
    /// The initial size of the memory, in bytes.
    size: usize,
    pagemap: Pagemap,
    /// What may be mapped. Accurate unless pages were written for the first time since `since`.
    resident: ResidentPages,
    since: Option<FaultSnapshot>,
}

impl MemoryReset {
    pub(super) fn new(region: Region, size: usize, pagemap: Pagemap) -> Self {
        Self {
            region,
            size,
            pagemap,
            resident: ResidentPages::default(),
            since: None,
        }
    }

    /// Captures the contents of the memory; `None` if they are too large to be reset in place.
    ///
    /// # Safety
    ///
    /// The instance exists, does not run, and its memory has not grown.
    pub(crate) unsafe fn image(&self) -> Option<MemoryImage> {
        let all = self.region.address(0)..self.region.address(self.size);
        let (mut from, mut bytes) = (all.start, 0);
        let mut parts = Vec::new();
        while from < all.end {
            let found = self.pagemap.find_written(from..all.end, self.size).ok()?;
            for part in &found.parts {
                for page in part.clone().step_by(self.pagemap.page()) {
                    // SAFETY: the kernel reports this page, which lies within the memory, and the
                    // caller guarantees the rest.
                    if let Some(part) = unsafe { self.contents(page - all.start) } {
                        bytes += part.1.len();
                        parts.push(part);
                    }
                }
            }
            (found.end > from).then_some(())?;
            from = found.end;
        }
        (bytes <= KEEP_RESIDENT / 2).then_some(MemoryImage { parts })
    }

    /// The bytes of a page from the first to the last that is not zero, and their offset.
    ///
    /// # Safety
    ///
    /// As for `image`, and the page lies within the memory.
    unsafe fn contents(&self, page: usize) -> Option<(usize, Box<[u8]>)> {
        // SAFETY: the caller guarantees a page of an accessible memory that nobody writes to.
        let bytes =
            unsafe { std::slice::from_raw_parts(self.region.pointer(page), self.pagemap.page()) };
        let first = bytes.iter().position(|byte| *byte != 0)?;
        let last = bytes.iter().rposition(|byte| *byte != 0)?;
        Some((page + first, bytes.get(first..=last)?.into()))
    }

    /// Records the state of the current poll. Called before the instance runs, within the same
    /// poll.
    pub(crate) fn begin(&mut self) {
        // If nothing is known, as for a new instance, `reset` asks the kernel what is mapped.
        if !self.resident.parts.is_empty() {
            self.since = Some(FaultSnapshot::now());
        }
    }

    /// Writes the image to the memory, and zeroes everywhere else.
    ///
    /// Returns whether this was done in place. It is not if more is mapped than stays resident:
    /// then the next invocation has page faults. On failure, the contents of the memory are
    /// undefined.
    ///
    /// # Safety
    ///
    /// The instance exists, does not run, and its memory has not grown. The image is one of the
    /// same function.
    pub(crate) unsafe fn reset(&mut self, image: &MemoryImage) -> io::Result<bool> {
        let known = self
            .since
            .take()
            .is_some_and(FaultSnapshot::no_faults_since);
        let in_place = known || self.refresh(image)?;
        coverage::count(match (known, in_place) {
            (true, _) => Point::ResetWithoutFaults,
            (false, true) => Point::ResetAfterRefresh,
            (false, false) => Point::ResetByDecommit,
        });
        if !in_place {
            // The previous invocation may have written to other pages than this function usually
            // does.
            self.resident = ResidentPages::default();
            self.region.decommit(0..self.size)?;
        }
        // SAFETY: the resident pages and the image's parts lie within the memory, and the caller
        // guarantees that nobody else uses it.
        unsafe {
            self.resident.zero(&self.region);
            for (offset, bytes) in &image.parts {
                let to = self.region.pointer(*offset);
                to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            }
        }
        Ok(in_place)
    }

    /// The first offset where the memory, after its reset, differs from the image on zeroes.
    ///
    /// # Safety
    ///
    /// As for [`reset`](Self::reset).
    pub(crate) unsafe fn first_difference(&self, image: &MemoryImage) -> io::Result<Option<usize>> {
        // SAFETY: the caller guarantees an accessible memory of this size that nobody writes to.
        unsafe { contents::first_difference(&self.region, self.size, &image.parts, &self.pagemap) }
    }

    /// Asks the kernel what is mapped. Returns false if that is more than stays resident, or does
    /// not cover the image: the next reset would leave contents where it writes no zeroes.
    fn refresh(&mut self, image: &MemoryImage) -> io::Result<bool> {
        let end = self
            .resident
            .refresh(&self.region, self.size, &self.pagemap)?;
        let is_mapped = |offset: usize, length: usize| {
            let mut parts = self.resident.parts.iter();
            parts.any(|part| part.start <= offset && offset + length <= part.end)
        };
        let mut parts = image.parts.iter();
        Ok(end == self.size && parts.all(|(offset, bytes)| is_mapped(*offset, bytes.len())))
    }
}

thread_local! {
    /// The memories created in the current capture, if there is one.
    static CAPTURED: RefCell<Option<Vec<MemoryReset>>> = const { RefCell::new(None) };
}

/// Runs a future, and returns the memory created in it if it created exactly one.
pub(crate) async fn capture_memory<F: Future>(future: F) -> (F::Output, Option<MemoryReset>) {
    let mut future = pin!(future);
    let mut created = Some(Vec::new());
    let output = poll_fn(|cx| {
        let _outer = OuterCapture(CAPTURED.replace(created.take()));
        let polled = future.as_mut().poll(cx);
        created = CAPTURED.take();
        polled
    })
    .await;
    let only = created.filter(|created| created.len() == 1);
    (output, only.and_then(|mut created| created.pop()))
}

/// The capture around this one. It continues afterwards, also after a panic.
struct OuterCapture(Option<Vec<MemoryReset>>);

impl Drop for OuterCapture {
    fn drop(&mut self) {
        CAPTURED.set(self.0.take());
    }
}

/// Adds a memory to the current capture.
pub(super) fn report_memory(memory: impl FnOnce() -> MemoryReset) {
    CAPTURED.with_borrow_mut(|created| {
        if let Some(created) = created {
            created.push(memory());
        }
    });
}
