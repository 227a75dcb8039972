//! Makes the memory of an instance that is kept as it was when the instance was new.
#![expect(unsafe_code, reason = "reads and writes memory of functions")]

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;

use super::address_space::Region;
use super::contents;
use super::coverage::{self, Way};
use super::faults::FaultSnapshot;
use super::pagemap::Pagemap;
use super::resident_pages::{KEEP_RESIDENT, ResidentPages};

/// What a new instance has in its memory: the pages with something in them, each from its first byte
/// that is not zero to its last.
pub(crate) struct MemoryImage {
    parts: Vec<(usize, Box<[u8]>)>,
}

/// The memory of one instance, besides the instance.
pub(crate) struct MemoryReset {
    region: Region,
    /// How large the memory was at first, in bytes.
    size: usize,
    pagemap: Arc<Pagemap>,
    /// What may be mapped of it; right if nothing was written to for the first time since.
    mapped: ResidentPages,
    since: Option<FaultSnapshot>,
}

impl MemoryReset {
    pub(super) fn new(region: Region, size: usize, pagemap: Arc<Pagemap>) -> Self {
        Self {
            region,
            size,
            pagemap,
            mapped: ResidentPages::default(),
            since: None,
        }
    }

    /// What is in the memory; none if that is more than would be kept in place.
    ///
    /// # Safety
    ///
    /// The instance is there, does not run, and its memory has not grown.
    pub(crate) unsafe fn image(&self) -> Option<MemoryImage> {
        let all = self.region.address(0)..self.region.address(self.size);
        let (mut from, mut bytes) = (all.start, 0);
        let mut parts = Vec::new();
        while from < all.end {
            let found = self.pagemap.within(from..all.end, self.size).ok()?;
            for part in &found.parts {
                for page in part.clone().step_by(self.pagemap.page()) {
                    // SAFETY: the kernel has found it there, and the caller has promised the rest.
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

    /// What is not zero in a page, and where that is.
    ///
    /// # Safety
    ///
    /// As for `image`; the page is within the memory.
    unsafe fn contents(&self, page: usize) -> Option<(usize, Box<[u8]>)> {
        // SAFETY: the caller has promised it.
        let bytes =
            unsafe { std::slice::from_raw_parts(self.region.pointer(page), self.pagemap.page()) };
        let first = bytes.iter().position(|byte| *byte != 0)?;
        let last = bytes.iter().rposition(|byte| *byte != 0)?;
        Some((page + first, bytes.get(first..=last)?.into()))
    }

    /// To be called before the instance runs, within the same poll.
    pub(crate) fn begin(&mut self) {
        // As for a new instance, it is found out afterwards what is mapped if nothing is known.
        if !self.mapped.parts.is_empty() {
            self.since = Some(FaultSnapshot::now());
        }
    }

    /// Writes what was in it at first to the memory, and zeroes elsewhere. False if that was not done in
    /// place, for there was more than is kept, and so costs page faults the next time.
    ///
    /// If it fails, there is anything in it.
    ///
    /// # Safety
    ///
    /// The instance is there, does not run, and its memory has not grown. The image is one of the
    /// same function's.
    pub(crate) unsafe fn reset(&mut self, image: &MemoryImage) -> io::Result<bool> {
        let known = self
            .since
            .take()
            .is_some_and(FaultSnapshot::no_faults_since);
        let in_place = known || self.refresh(image)?;
        coverage::count(match (known, in_place) {
            (true, _) => Way::ResetWithoutFaults,
            (false, true) => Way::ResetAfterLook,
            (false, false) => Way::ResetByDecommit,
        });
        if !in_place {
            // Whoever used this place before may have written elsewhere than this function does.
            self.mapped = ResidentPages::default();
            self.region.decommit(0..self.size)?;
        }
        // SAFETY: all of it is within the memory, and the caller has promised the rest.
        unsafe {
            self.mapped.zero(&self.region);
            for (offset, bytes) in &image.parts {
                let to = self.region.pointer(*offset);
                to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            }
        }
        Ok(in_place)
    }

    /// Where the memory, which was just made as it was, differs from the image and zeroes.
    ///
    /// # Safety
    ///
    /// As for [`reset`](Self::reset).
    pub(crate) unsafe fn first_difference(&self, image: &MemoryImage) -> io::Result<Option<usize>> {
        // SAFETY: the caller has promised it.
        unsafe { contents::first_difference(&self.region, self.size, &image.parts, &self.pagemap) }
    }

    /// Finds out what is mapped. False if that is more than is kept; or less than the image, and then
    /// there would be contents where no zeroes are written to the next time.
    fn refresh(&mut self, image: &MemoryImage) -> io::Result<bool> {
        let end = self
            .mapped
            .refresh(&self.region, self.size, &self.pagemap)?;
        let is_mapped = |offset: usize, length: usize| {
            let mut parts = self.mapped.parts.iter();
            parts.any(|part| part.start <= offset && offset + length <= part.end)
        };
        let mut parts = image.parts.iter();
        Ok(end == self.size && parts.all(|(offset, bytes)| is_mapped(*offset, bytes.len())))
    }
}

thread_local! {
    /// Of the memories that are made right now, if anyone wants to know.
    static CAPTURED: RefCell<Option<Vec<MemoryReset>>> = const { RefCell::new(None) };
}

/// What a future comes to, and the memory that is made in it, if it is one.
pub(crate) async fn capture_memory<F: Future>(future: F) -> (F::Output, Option<MemoryReset>) {
    let mut future = pin!(future);
    let mut made = Some(Vec::new());
    let output = poll_fn(|cx| {
        let _outer = OuterCapture(CAPTURED.replace(made.take()));
        let polled = future.as_mut().poll(cx);
        made = CAPTURED.take();
        polled
    })
    .await;
    let only = made.filter(|made| made.len() == 1);
    (output, only.and_then(|mut made| made.pop()))
}

/// Who wanted to know before, and does again afterwards, also after a panic.
struct OuterCapture(Option<Vec<MemoryReset>>);

impl Drop for OuterCapture {
    fn drop(&mut self) {
        CAPTURED.set(self.0.take());
    }
}

/// Tells whoever wants to know of a memory.
pub(super) fn report_memory(memory: impl FnOnce() -> MemoryReset) {
    CAPTURED.with_borrow_mut(|made| {
        if let Some(made) = made {
            made.push(memory());
        }
    });
}
