//! Causes what a kernel may do at any time: swaps pages out, merges them, and shares them with a child.
#![expect(
    unsafe_code,
    reason = "these system calls cause what the kernel may do by itself"
)]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(50);

/// A thread that disturbs the process until this is dropped.
pub(crate) struct Pressure(Arc<AtomicBool>);

impl Pressure {
    pub(crate) fn start() -> std::io::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        // SAFETY: the call changes how the kernel manages memory, and no contents of it. On a kernel without
        // support it returns an error, which may be ignored.
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

/// Forks a child that exits at once, so that all pages are shared with it for a moment.
fn fork() {
    // SAFETY: the child only exits.
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

/// Asks the kernel to swap out all private anonymous pages, as it does if memory is short. Without swap
/// this has no effect.
fn page_out() {
    let Ok(maps) = fs::read_to_string("/proc/self/maps") else {
        return;
    };
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (Some(range), Some("rw-p")) = (words.next(), words.next()) else {
            continue;
        };
        // Skips offset, device and inode; the file is next.
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
        // SAFETY: the call changes where the kernel keeps the contents of memory, and not the contents.
        unsafe { libc::madvise(from, end.saturating_sub(start), libc::MADV_PAGEOUT) };
    }
}
