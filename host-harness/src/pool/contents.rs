//! Checks a whole memory after a reset, independently of the code that reset it. The check
//! reads the table of pages, and uses nothing that the pool remembers about them.
#![expect(unsafe_code, reason = "reads the memory of functions")]

use std::io;

use super::address_space::Region;
use super::pagemap::Pagemap;

/// The first offset where a memory of `size` bytes differs from an image on zeroes.
///
/// Each part of the image lies within one page, and the parts are in order.
///
/// # Safety
///
/// The memory is accessible up to `size`, and nobody writes to it meanwhile.
pub(super) unsafe fn first_difference(
    region: &Region,
    size: usize,
    image: &[(usize, Box<[u8]>)],
    pagemap: &Pagemap,
) -> io::Result<Option<usize>> {
    for (offset, bytes) in image {
        // SAFETY: the caller guarantees an accessible memory without writers, and the image was
        // captured from this memory, so its parts lie within it.
        let found = unsafe { std::slice::from_raw_parts(region.pointer(*offset), bytes.len()) };
        if found != &**bytes {
            return Ok(Some(*offset));
        }
    }
    let page = pagemap.page();
    let mut expected = vec![0; page];
    let mut image = image.iter().peekable();
    for address in pagemap.find_mapped(region.address(0)..region.address(size))? {
        let offset = address - region.address(0);
        while image
            .next_if(|(at, bytes)| at + bytes.len() <= offset)
            .is_some()
        {}
        let part = image.peek().filter(|(at, _)| *at < offset + page);
        let within = part.map_or(0..0, |(at, bytes)| at - offset..at - offset + bytes.len());
        if let (Some((_, bytes)), Some(expected)) = (part, expected.get_mut(within.clone())) {
            expected.copy_from_slice(bytes);
        }
        // SAFETY: the caller guarantees an accessible memory without writers, and this page lies
        // within it.
        let found = unsafe { std::slice::from_raw_parts(region.pointer(offset), page) };
        if found != expected {
            let mut bytes = found.iter().zip(&expected);
            let at = bytes.position(|(found, expected)| found != expected);
            return Ok(Some(offset + at.unwrap_or(0)));
        }
        if let Some(expected) = expected.get_mut(within) {
            expected.fill(0);
        }
    }
    Ok(None)
}
