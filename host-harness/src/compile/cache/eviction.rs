//! Bounds the size of the cache folder. Every build of a function adds a file, and nobody else
//! removes it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::MAX_BYTES;
use super::entry::{EXTENSION, TEMPORARY_EXTENSION};

/// How long a file may go unused.
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The length of the key that file names start with, in hexadecimal digits.
const KEY_LENGTH: usize = 64;

/// Removes expired files, and then the least recently used ones until `length` more bytes fit. A
/// host that has loaded a removed file is not affected.
pub(super) fn evict(folder: &Path, length: usize) {
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    let mut cached = files(folder);
    cached.sort_by_key(|file| file.used);
    let now = SystemTime::now();
    let mut total = cached.iter().map(|file| file.length).sum::<u64>();
    for file in cached {
        let is_old = now.duration_since(file.used).is_ok_and(|age| age > MAX_AGE);
        let is_full = total.saturating_add(length) > MAX_BYTES;
        if !is_old && !is_full {
            break;
        }
        match fs::remove_file(&file.path) {
            Ok(()) => total -= file.length,
            Err(error) => tracing::debug!("cannot remove {}: {error}", file.path.display()),
        }
    }
}

struct CachedFile {
    path: PathBuf,
    used: SystemTime,
    length: u64,
}

/// The files that hosts wrote to the folder; ignores everything else.
fn files(folder: &Path) -> Vec<CachedFile> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    let ours = all.filter(|file| file.file_name().to_str().is_some_and(is_ours));
    let described = ours.filter_map(|file| {
        let metadata = file.metadata().ok()?;
        metadata.is_file().then_some(CachedFile {
            path: file.path(),
            used: metadata.modified().ok()?,
            length: metadata.len(),
        })
    });
    described.collect()
}

fn is_ours(name: &str) -> bool {
    let is_key = |key: &str| key.bytes().all(|digit| digit.is_ascii_hexdigit());
    name.get(..KEY_LENGTH).is_some_and(is_key)
        && (name.ends_with(EXTENSION) || name.ends_with(TEMPORARY_EXTENSION))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path, key: char, ending: &str, length: u64, age: Duration) -> PathBuf {
        let path = folder.join(key.to_string().repeat(KEY_LENGTH) + ending);
        let file = fs::File::create(&path).unwrap();
        file.set_len(length).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
        path
    }

    /// The least recently used files go first, and only until there is room.
    #[test]
    fn least_recently_used_files_are_evicted() {
        let folder = tempfile::tempdir().unwrap();
        let file = |key, minutes: u64| {
            let age = Duration::from_secs(minutes * 60);
            file(folder.path(), key, EXTENSION, MAX_BYTES / 4, age)
        };
        let files = [file('a', 30), file('b', 40), file('c', 10), file('d', 20)];
        let left = || files.each_ref().map(|file| file.exists());
        evict(folder.path(), 0);
        assert_eq!(left(), [true; 4]);
        evict(folder.path(), 1);
        assert_eq!(left(), [true, false, true, true]);
        evict(folder.path(), usize::try_from(MAX_BYTES / 4 + 1).unwrap());
        assert_eq!(left(), [false, false, true, true]);
    }

    /// Expired files go in any case, including unfinished ones. Files that no host wrote stay.
    #[test]
    fn expired_files_are_evicted() {
        let folder = tempfile::tempdir().unwrap();
        let minute = Duration::from_secs(60);
        let (old, new) = (MAX_AGE + minute, MAX_AGE - minute);
        let of_a_user = folder.path().join("of-a-user.cwasm");
        fs::write(&of_a_user, "").unwrap();
        let opened = fs::File::options().write(true).open(&of_a_user).unwrap();
        opened.set_modified(SystemTime::now() - old).unwrap();
        let file = |key, ending, age| file(folder.path(), key, ending, 1, age);
        let gone = [file('a', EXTENSION, old), file('b', "aX4-.new", old)];
        let stay = [
            file('c', EXTENSION, new),
            file('d', TEMPORARY_EXTENSION, new),
            of_a_user,
        ];
        evict(folder.path(), 1);
        assert_eq!(gone.map(|file| file.exists()), [false; 2]);
        assert_eq!(stay.map(|file| file.exists()), [true; 3]);
    }
}
