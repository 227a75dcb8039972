use super::Pagemap;
use crate::pool::address_space::AddressSpace;

/// `MADV_GUARD_INSTALL` of Linux 6.13. It creates pages that are neither present nor empty, as
/// swapped-out pages are, without needing swap space.
const GUARD_INSTALL: libc::c_int = 102;

/// Whether the pool finds, and therefore clears, a page that is not present. `None` if the kernel
/// cannot create such a page.
#[expect(unsafe_code, reason = "there is no safe way to ask")]
pub(crate) fn finds_pages_that_are_not_present() -> Option<bool> {
    let pagemap = Pagemap::open().ok()?;
    let page = pagemap.page();
    let space = AddressSpace::reserve(4 * page).ok()?;
    let memory = space.region(0, 4 * page)?;
    memory.make_accessible(0..4 * page).ok()?;
    let absent = memory.address(page)..memory.address(2 * page);
    // SAFETY: nobody reads or writes this page, which lies within the region.
    let failed = unsafe { libc::madvise(memory.pointer(page).cast(), page, GUARD_INSTALL) };
    if failed != 0 {
        return None;
    }
    let all = memory.address(0)..memory.address(4 * page);
    let found = pagemap.find_written(all.clone(), 4 * page).ok()?;
    let mapped = pagemap.find_mapped(all).ok()?;
    Some(found.parts == [absent.clone()] && mapped == [absent.start])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A swapped-out page that is not found would reach the next function.
    #[test]
    fn absent_pages_are_found() {
        assert_ne!(finds_pages_that_are_not_present(), Some(false));
    }
}
