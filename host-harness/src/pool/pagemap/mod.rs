//! Asks the kernel which pages of a memory it has contents for.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use super::mapping_thread;
use super::seeded_bugs::{self, Bug};

/// The maximum number of parts reported for one memory. Pages beyond these go back to the kernel.
const MAX_PARTS: usize = 64;

/// The size of an entry in the table of pages, and the number of entries read at once.
const ENTRY_BYTES: usize = size_of::<u64>();
const ENTRIES_PER_READ: usize = 1024;

/// The kernel's table of this process's pages.
#[derive(Clone)]
pub(super) struct Pagemap {
    pagemap: Arc<File>,
    page: usize,
}

/// The parts with contents, as addresses, and the end of the search. There may be more beyond.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Found {
    pub(super) parts: Vec<Range<usize>>,
    pub(super) end: usize,
}

impl Pagemap {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self {
            pagemap: Arc::new(File::open("/proc/self/pagemap")?),
            page: page_size()?,
        })
    }

    pub(super) fn page(&self) -> usize {
        self.page
    }

    /// Finds written pages of a memory, up to `max_bytes` bytes of them.
    pub(super) fn find_written(&self, memory: Range<usize>, max_bytes: usize) -> io::Result<Found> {
        mapping_thread::run(self, move |pagemap| {
            // Needs Linux 6.7 or newer; on an older kernel, reads the table of all pages.
            match pagemap.scan(memory.clone(), max_bytes) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    pagemap.read(memory, max_bytes)
                }
                found => found,
            }
        })
    }

    /// Finds them with `PAGEMAP_SCAN`. A swapped-out page counts as written, like a present one;
    /// the kernel's page of zeroes does not.
    #[expect(unsafe_code, reason = "there is no safe way to ask")]
    fn scan(&self, memory: Range<usize>, max_bytes: usize) -> io::Result<Found> {
        let mut parts = [PageRegion::default(); MAX_PARTS];
        let mut scan = ScanArgs {
            size: size_of::<ScanArgs>() as u64,
            start: memory.start as u64,
            end: memory.end as u64,
            vec: parts.as_mut_ptr().expose_provenance() as u64,
            vec_len: MAX_PARTS as u64,
            max_pages: (max_bytes / self.page).max(1) as u64,
            category_inverted: ZERO,
            category_mask: ZERO,
            category_anyof_mask: if seeded_bugs::is_on(Bug::SwappedIgnored) {
                PRESENT
            } else {
                PRESENT | SWAPPED
            },
            ..ScanArgs::default()
        };
        // SAFETY: the call writes to `scan` and to `parts`, at most the `vec_len` entries that
        // `parts` has.
        let found = unsafe { libc::ioctl(self.pagemap.as_raw_fd(), PAGEMAP_SCAN, &raw mut scan) };
        let found = usize::try_from(found).map_err(|_negative| io::Error::last_os_error())?;
        let address = |address| usize::try_from(address).unwrap_or(usize::MAX);
        let parts = parts.iter().take(found);
        Ok(Found {
            parts: parts
                .map(|part| address(part.start)..address(part.end))
                .collect(),
            end: address(scan.walk_end),
        })
    }

    /// The addresses of all pages with an entry in the table, including swapped-out pages and the
    /// kernel's page of zeroes.
    pub(super) fn find_mapped(&self, memory: Range<usize>) -> io::Result<Vec<usize>> {
        mapping_thread::run(self, move |pagemap| pagemap.read_mapped(memory))
    }

    fn read_mapped(&self, memory: Range<usize>) -> io::Result<Vec<usize>> {
        let mut found = Vec::new();
        let mut table = vec![0; ENTRIES_PER_READ * ENTRY_BYTES];
        for chunk in memory.clone().step_by(ENTRIES_PER_READ * self.page) {
            let pages = ((memory.end - chunk) / self.page).min(ENTRIES_PER_READ);
            let table = table.get_mut(..pages * ENTRY_BYTES).unwrap_or_default();
            self.pagemap
                .read_exact_at(table, (chunk / self.page * ENTRY_BYTES) as u64)?;
            let entries = table.chunks_exact(ENTRY_BYTES).zip(0..);
            let mapped = entries.filter(|(entry, _)| is_mapped(entry));
            found.extend(mapped.map(|(_, number)| chunk + number * self.page));
        }
        Ok(found)
    }

    /// Finds them in the table of all pages.
    fn read(&self, memory: Range<usize>, max_bytes: usize) -> io::Result<Found> {
        let pages = (memory.end - memory.start) / self.page;
        let mut table = vec![0; pages * ENTRY_BYTES];
        let at = memory.start / self.page * ENTRY_BYTES;
        self.pagemap.read_exact_at(&mut table, at as u64)?;
        let mut found = Found {
            parts: Vec::new(),
            end: memory.start,
        };
        let mut bytes = 0;
        for entry in table.chunks_exact(ENTRY_BYTES) {
            let here = found.end..found.end + self.page;
            if is_mapped(entry) {
                if bytes + self.page > max_bytes {
                    break;
                }
                let full = found.parts.len() == MAX_PARTS;
                match found.parts.last_mut() {
                    Some(part) if part.end == here.start => part.end = here.end,
                    _ if full => break,
                    _ => found.parts.push(here.clone()),
                }
                bytes += self.page;
            }
            found.end = here.end;
        }
        Ok(found)
    }
}

/// Whether the page is present or swapped out.
fn is_mapped(entry: &[u8]) -> bool {
    let entry = entry.try_into().map_or(0, u64::from_ne_bytes);
    entry & (1 << 63 | 1 << 62) != 0
}

#[expect(unsafe_code, reason = "there is no safe way to ask")]
fn page_size() -> io::Result<usize> {
    // SAFETY: `sysconf` only returns a number.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).map_err(|_negative| io::Error::last_os_error())
}

/// `PAGEMAP_SCAN` of `linux/fs.h`, `_IOWR('f', 16, struct pm_scan_arg)`.
const PAGEMAP_SCAN: libc::Ioctl = 0xc060_6610_u32 as libc::Ioctl;
const PRESENT: u64 = 1 << 3;
const SWAPPED: u64 = 1 << 4;
const ZERO: u64 = 1 << 5;

/// `struct pm_scan_arg`.
#[derive(Default)]
#[repr(C)]
struct ScanArgs {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

/// `struct page_region`.
#[derive(Clone, Copy, Default)]
#[repr(C)]
struct PageRegion {
    start: u64,
    end: u64,
    categories: u64,
}

#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod absent;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::address_space::AddressSpace;

    /// Both methods find the written pages, and stop at the limit.
    #[test]
    fn both_methods_find_written_pages() {
        let pagemap = Pagemap::open().unwrap();
        let page = pagemap.page();
        let space = AddressSpace::reserve(64 * page).unwrap();
        let memory = space.region(0, 64 * page).unwrap();
        memory.make_accessible(0..64 * page).unwrap();
        memory.huge_pages(0..64 * page, false).unwrap();
        for number in [3, 4, 9] {
            // SAFETY: the memory was just made accessible, and nobody else uses it.
            #[expect(unsafe_code, reason = "writes to new memory")]
            unsafe {
                memory.zero(number * page..number * page + 1);
            }
        }
        let at = |number| memory.address(number * page);
        let all = at(0)..at(64);
        let found = Found {
            parts: vec![at(3)..at(5), at(9)..at(10)],
            end: at(64),
        };
        assert_eq!(pagemap.read(all.clone(), 3 * page).unwrap(), found);
        assert_eq!(pagemap.find_written(all.clone(), 3 * page).unwrap(), found);
        for found in [
            pagemap.read(all.clone(), 2 * page).unwrap(),
            pagemap.find_written(all, 2 * page).unwrap(),
        ] {
            assert_eq!(found.parts, vec![at(3)..at(5)]);
            assert!((at(5)..=at(9)).contains(&found.end), "{found:x?}");
        }
    }
}
