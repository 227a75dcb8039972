//! What the system may do to a process at any time: pages that go to swap, that are merged with others,
//! and that are shared with a child.
#![expect(unsafe_code, reason = "the system is asked for what it does by itself")]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(50);

/// A thread that disturbs the process, until this is dropped.
pub(crate) struct Pressure(Arc<AtomicBool>);

impl Pressure {
    pub(crate) fn start() -> std::io::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        // SAFETY: it changes what the kernel does with memory, and nothing that is in it. A kernel that
        // cannot says so, which is no matter.
        unsafe { libc::prctl(libc::PR_SET_MEMORY_MERGE, 1, 0, 0, 0) };
        std::thread::Builder::new().spawn(move || {
            for number in 0_u64.. {
                if told.load(Ordering::Relaxed) {
                    break;
                }
                fork();
                if number.is_multiple_of(4) {
                    page_out();
                }
                std::thread::sleep(EVERY);
            }
        })?;
        Ok(Self(over))
    }
}

impl Drop for Pressure {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A child for a moment, with which all pages are shared that are written to next.
fn fork() {
    // SAFETY: the child does nothing but end.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::_exit(0);
        }
        if child > 0 {
            let mut status = 0;
            libc::waitpid(child, &raw mut status, 0);
        }
    }
}

/// Asks the kernel to swap out all that is private and has no file, as it does by itself when memory is
/// short. Where there is no swap, nothing happens.
fn page_out() {
    let Ok(maps) = fs::read_to_string("/proc/self/maps") else {
        return;
    };
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (Some(range), Some("rw-p")) = (words.next(), words.next()) else {
            continue;
        };
        // Offset, device and inode; then the file.
        if words.count() > 3 {
            continue;
        }
        let Some((start, end)) = range.split_once('-') else {
            continue;
        };
        let parse = |text| usize::from_str_radix(text, 16);
        let (Ok(start), Ok(end)) = (parse(start), parse(end)) else {
            continue;
        };
        let from = std::ptr::with_exposed_provenance_mut(start);
        // SAFETY: it changes where the kernel keeps what is in memory, and nothing that is in it.
        unsafe { libc::madvise(from, end.saturating_sub(start), libc::MADV_PAGEOUT) };
    }
}
