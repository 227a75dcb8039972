//! Makes the memory of an instance that is kept as it was when the instance was new.
#![expect(unsafe_code, reason = "reads and writes memory of functions")]

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;

use super::address_space::Stretch;
use super::faults::Since;
use super::mapped::Mapped;
use super::written::Written;

/// What a new instance has in its memory: the pages with something in them, each from its first byte
/// that is not zero to its last.
pub(in crate::engine) struct Image {
    parts: Vec<(usize, Box<[u8]>)>,
}

/// The memory of one instance, besides the instance.
pub(in crate::engine) struct Renewal {
    stretch: Stretch,
    /// How large the memory was at first, in bytes.
    size: usize,
    written: Arc<Written>,
    /// What may be mapped of it; right if nothing was written to for the first time since.
    mapped: Mapped,
    since: Option<Since>,
}

impl Renewal {
    pub(super) fn new(stretch: Stretch, size: usize, written: Arc<Written>) -> Self {
        Self {
            stretch,
            size,
            written,
            mapped: Mapped::default(),
            since: None,
        }
    }

    /// What is in the memory; none if that is more than would be kept in place.
    ///
    /// # Safety
    ///
    /// The instance is there, does not run, and its memory has not grown.
    pub(in crate::engine) unsafe fn image(&mut self) -> Option<Image> {
        self.look().ok()?;
        let mut parts = Vec::new();
        for part in &self.mapped.parts {
            for page in part.clone().step_by(self.written.page()) {
                // SAFETY: it is within the memory, and the caller has promised the rest.
                let bytes = unsafe {
                    let start = self.stretch.pointer(page);
                    std::slice::from_raw_parts(start, self.written.page())
                };
                let is_set = |byte: &u8| *byte != 0;
                if let Some(first) = bytes.iter().position(is_set)
                    && let Some(last) = bytes.iter().rposition(is_set)
                {
                    let bytes = bytes.get(first..=last)?;
                    parts.push((page + first, bytes.into()));
                }
            }
        }
        Some(Image { parts })
    }

    /// To be called before the instance runs, within the same poll.
    pub(in crate::engine) fn begin(&mut self) {
        // As for a new instance, it is found out afterwards what is mapped if nothing is known.
        if !self.mapped.parts.is_empty() {
            self.since = Some(Since::now());
        }
    }

    /// Writes what was in it at first to the memory, and zeroes elsewhere.
    ///
    /// If that fails, there is anything in it.
    ///
    /// # Safety
    ///
    /// The instance is there, does not run, and its memory has not grown. The image is one of the
    /// same function's.
    pub(in crate::engine) unsafe fn renew(&mut self, image: &Image) -> io::Result<()> {
        let known = self.since.take().is_some_and(Since::is_without_faults);
        if !known {
            self.look()?;
            // Or else there would be contents where no zeroes are written to the next time.
            if !image.parts.iter().all(|part| self.has_mapped(part)) {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        // SAFETY: all of it is within the memory, and the caller has promised the rest.
        unsafe {
            self.mapped.zero(&self.stretch);
            for (offset, bytes) in &image.parts {
                let to = self.stretch.pointer(*offset);
                to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            }
        }
        Ok(())
    }

    fn look(&mut self) -> io::Result<()> {
        let end = self.mapped.look(&self.stretch, self.size, &self.written)?;
        if end < self.size {
            self.mapped = Mapped::default();
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn has_mapped(&self, (offset, bytes): &(usize, Box<[u8]>)) -> bool {
        let within = |part: &Range<usize>| {
            part.start <= *offset && offset.saturating_add(bytes.len()) <= part.end
        };
        self.mapped.parts.iter().any(within)
    }
}

thread_local! {
    /// Of the memories that are made right now, if anyone wants to know.
    static MADE: RefCell<Option<Vec<Renewal>>> = const { RefCell::new(None) };
}

/// What a future comes to, and the memory that is made in it, if it is one.
pub(in crate::engine) async fn memory_made_in<F: Future>(future: F) -> (F::Output, Option<Renewal>) {
    let mut future = pin!(future);
    let mut made = Some(Vec::new());
    let output = poll_fn(|cx| {
        let _outer = Outer(MADE.replace(made.take()));
        let polled = future.as_mut().poll(cx);
        made = MADE.take();
        polled
    })
    .await;
    let only = made.filter(|made| made.len() == 1);
    (output, only.and_then(|mut made| made.pop()))
}

/// Who wanted to know before, and does again afterwards, also after a panic.
struct Outer(Option<Vec<Renewal>>);

impl Drop for Outer {
    fn drop(&mut self) {
        MADE.set(self.0.take());
    }
}

/// Tells whoever wants to know of a memory.
pub(super) fn tell(memory: impl FnOnce() -> Renewal) {
    MADE.with_borrow_mut(|made| {
        if let Some(made) = made {
            made.push(memory());
        }
    });
}
