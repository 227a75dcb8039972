//! The memory of a deployed function without requests.
//!
//! It is the difference between a host with many copies and a host with one. Both load cached code,
//! because the memory that the allocator retains after compiling varies more than the result.

use std::path::Path;

use super::Context;
use crate::bench::contender::{Contender, Says};
use crate::bench::row::{Row, Target};

const COPIES: u32 = 100;
const TARGET: Target = Target::AtMost(64.0 * 1024.0);

/// Resident memory, in bytes.
#[derive(Default)]
struct Resident {
    all: u64,
    /// In anonymous mappings that are not writable: compiled functions, with their tables.
    code: u64,
    /// Initial contents of functions' memories, in memory files, which no process's RSS includes.
    images: u64,
}

pub(super) fn measure(context: &Context) -> anyhow::Result<Vec<Row>> {
    let ping = &context.built.guests.ping;
    let cache = tempfile::tempdir()?;
    let resident = |copies| resident(&context.built.functions, ping, cache.path(), copies);
    resident(1)?;
    let (one, many) = (resident(1)?, resident(1 + COPIES)?);
    let each = |value: fn(&Resident) -> u64| {
        (value(&many) as f64 - value(&one) as f64) / f64::from(COPIES)
    };
    let (all, code, images) = (
        each(|resident| resident.all),
        each(|resident| resident.code),
        each(|resident| resident.images),
    );
    let beyond = all - code + images;
    let kib = |bytes: f64| format!("{:.1} KiB", bytes / 1024.0);
    let what = format!(
        "an idle function, beyond {} of compiled code; {} of it its memory's image",
        kib(code),
        kib(images)
    );
    let row = Row::new("memory", what, kib(beyond));
    Ok(vec![row.bytes(beyond).target(TARGET)])
}

fn resident(functions: &Path, ping: &Path, cache: &Path, copies: u32) -> anyhow::Result<Resident> {
    let cache = cache.display().to_string();
    let mut arguments = ["serve", "--listen", "127.0.0.1:0", "--cache", &cache]
        .map(str::to_owned)
        .to_vec();
    arguments.extend((0..copies).map(|copy| format!("f{copy}={}", ping.display())));
    let host = Contender::start("functions", functions, &arguments, Says::Stdout)?;
    Ok(Resident {
        images: host.memory_files()?,
        ..of_map(&host.memory_map()?)
    })
}

/// Sums up a `smaps`.
fn of_map(map: &str) -> Resident {
    let mut resident = Resident::default();
    let mut is_code = false;
    for line in map.lines() {
        if let Some(size) = line.strip_prefix("Rss:") {
            let kib = size.trim().trim_end_matches("kB").trim();
            let bytes = kib.parse::<u64>().unwrap_or(0) * 1024;
            resident.all += bytes;
            if is_code {
                resident.code += bytes;
            }
        } else if let Some(header) = Header::of(line) {
            is_code = header.anonymous && !header.writable;
        }
    }
    resident
}

/// The first line of a mapping: `from-to rwxp offset device inode name`.
struct Header {
    writable: bool,
    anonymous: bool,
}

impl Header {
    fn of(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        words.next().filter(|range| range.contains('-'))?;
        let permissions = words.next()?;
        let mut rest = words.skip(2);
        Some(Self {
            writable: permissions.contains('w'),
            anonymous: rest.next() == Some("0") && rest.next().is_none(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Anonymous mappings that are not writable count as code.
    #[test]
    fn maps() {
        let map = "\
7f00-7f10 r-xp 00000000 00:00 0 \nRss:  64 kB\nVmFlags: rd ex\n\
7f10-7f20 rw-p 00000000 00:00 0 \nRss:  8 kB\n\
7f20-7f30 r-xp 00000000 fd:00 77  /usr/lib/libc.so.6\nRss:  100 kB\n\
7f30-7f40 r-xp 00000000 00:00 0  [vdso]\nRss:  4 kB\n";
        let resident = of_map(map);
        assert_eq!((resident.all, resident.code), (176 << 10, 64 << 10));
    }
}
