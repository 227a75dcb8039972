//! Huge pages for memories that grow large.
//!
//! Every invocation's memory is new, and the kernel makes it page by page as it is first written: for
//! a body of 16 MiB that is 4096 times, and ten times as dear as the copy itself. Of what the pool
//! has set aside, whole stretches of 2 MiB may come at once. Small memories have none such, and stay
//! as they are.

/// What no mapping is as long as but the ones that wasmtime makes for its memories, in bytes.
#[cfg(target_os = "linux")]
const POOL: usize = 4 << 30;

/// Asks the kernel for huge pages wherever this process has memory set aside for a pool. Without
/// them everything works as well, only slower.
#[cfg(target_os = "linux")]
pub(super) fn ask_for() {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else {
        return;
    };
    for (start, length) in maps.lines().filter_map(set_aside) {
        #[expect(unsafe_code, reason = "there is no safe way to advise the kernel")]
        // SAFETY: advice changes nothing that can be read in the memory; whose it is does not
        // matter, nor whether it is still there.
        let advised = unsafe {
            rustix::mm::madvise(
                std::ptr::without_provenance_mut(start),
                length,
                rustix::mm::Advice::LinuxHugepage,
            )
        };
        if let Err(error) = advised {
            tracing::debug!("no huge pages: {error}");
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn ask_for() {}

/// Start and length of a mapping, if it is one that nobody can read, and long enough for a pool's.
#[cfg(target_os = "linux")]
fn set_aside(line: &str) -> Option<(usize, usize)> {
    let mut words = line.split(' ');
    let (start, end) = words.next()?.split_once('-')?;
    let start = usize::from_str_radix(start, 16).ok()?;
    let length = usize::from_str_radix(end, 16).ok()?.checked_sub(start)?;
    (words.next()? == "---p" && length >= POOL).then_some((start, length))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// Only what is set aside and long is a pool's.
    #[test]
    fn pools_are_long_and_unreadable() {
        let pool = "7e0000000000-7f0000000000 ---p 00000000 00:00 0 ";
        assert_eq!(set_aside(pool), Some((0x7e00_0000_0000, 1 << 40)));
        for other in [
            "7e0000000000-7f0000000000 rw-p 00000000 00:00 0 ",
            "7e0000000000-7e0000001000 ---p 00000000 00:00 0 ",
            "7e0000000000 ---p",
            "x-y ---p",
            "",
        ] {
            assert_eq!(set_aside(other), None, "{other:?}");
        }
    }
}
