//! Bounds the size of the cache folder. Every build of a function adds a file, and nobody else
//! removes it. The code of functions that the host serves is not counted, and stays.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::entry::{EXTENSION, TEMPORARY_EXTENSION};

/// How long a file may go unused.
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The length of the key that file names start with, in hexadecimal digits.
const KEY_LENGTH: usize = 64;

/// The share of the bound that is stored between two evictions: each reads the whole folder.
const SHARE: u64 = 16;

/// Evicts files of a cache before others are stored.
pub(super) struct Evictor {
    max_bytes: u64,
    /// The bytes that can be stored before the next eviction. Locked while evicting.
    room: Mutex<u64>,
}

impl Evictor {
    /// Evicts before the first file.
    pub(super) fn new(max_bytes: u64) -> Self {
        Self {
            max_bytes,
            room: Mutex::new(0),
        }
    }

    /// Makes room for `length` more bytes. `kept` has the names of the files that stay, which do not
    /// count; if it is not known, all files stay.
    pub(super) fn make_room(
        &self,
        folder: &Path,
        length: usize,
        kept: impl FnOnce() -> Option<HashSet<String>>,
    ) {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        if length > *room {
            let Some(kept) = kept() else { return };
            *room = length.max(self.max_bytes / SHARE);
            evict(folder, self.max_bytes.saturating_sub(*room), &kept);
        }
        *room = room.saturating_sub(length);
    }
}

/// Removes expired files, and then the least recently used ones until at most `max` bytes are left,
/// without those that are kept. A host that has loaded a removed file is not affected.
fn evict(folder: &Path, max: u64, kept: &HashSet<String>) {
    let mut cached = files(folder);
    cached.retain(|file| !kept.contains(&file.name));
    cached.sort_by_key(|file| file.used);
    let now = SystemTime::now();
    let mut total = cached.iter().map(|file| file.length).sum::<u64>();
    for file in cached {
        let is_old = now.duration_since(file.used).is_ok_and(|age| age > MAX_AGE);
        if !is_old && total <= max {
            break;
        }
        let path = folder.join(&file.name);
        match fs::remove_file(&path) {
            Ok(()) => total -= file.length,
            Err(error) => tracing::debug!("cannot remove {}: {error}", path.display()),
        }
    }
}

struct CachedFile {
    name: String,
    used: SystemTime,
    length: u64,
}

/// The files that hosts wrote to the folder; ignores everything else.
fn files(folder: &Path) -> Vec<CachedFile> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    let described = all.filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        let metadata = is_ours(&name).then(|| file.metadata().ok())??;
        metadata.is_file().then_some(CachedFile {
            name,
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
    use std::path::PathBuf;

    use super::*;

    fn file(folder: &Path, key: char, ending: &str, length: u64, age: Duration) -> PathBuf {
        let path = folder.join(key.to_string().repeat(KEY_LENGTH) + ending);
        let file = fs::File::create(&path).unwrap();
        file.set_len(length).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
        path
    }

    const MIB: u64 = 1 << 20;

    /// The least recently used files go first, and only until there is room.
    #[test]
    fn least_recently_used_files_are_evicted() {
        let folder = tempfile::tempdir().unwrap();
        let file = |key, minutes: u64| {
            let age = Duration::from_secs(minutes * 60);
            file(folder.path(), key, EXTENSION, MIB, age)
        };
        let files = [file('a', 30), file('b', 40), file('c', 10), file('d', 20)];
        let left = || files.each_ref().map(|file| file.exists());
        let evict = |max| evict(folder.path(), max, &HashSet::new());
        evict(4 * MIB);
        assert_eq!(left(), [true; 4]);
        evict(4 * MIB - 1);
        assert_eq!(left(), [true, false, true, true]);
        evict(2 * MIB);
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
        evict(folder.path(), u64::MAX, &HashSet::new());
        assert_eq!(gone.map(|file| file.exists()), [false; 2]);
        assert_eq!(stay.map(|file| file.exists()), [true; 3]);
    }

    /// Kept files stay, however old they are, and take no room from the others.
    #[test]
    fn kept_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let old = MAX_AGE * 2;
        let kept = file(folder.path(), 'a', EXTENSION, 100 * MIB, old);
        let other = file(folder.path(), 'b', EXTENSION, MIB, Duration::ZERO);
        let name = |file: &Path| file.file_name().unwrap().to_str().unwrap().to_owned();
        let names = HashSet::from([name(&kept)]);
        evict(folder.path(), MIB, &names);
        assert!(kept.exists() && other.exists());
        evict(folder.path(), 0, &names);
        assert!(kept.exists() && !other.exists());
        evict(folder.path(), u64::MAX, &HashSet::new());
        assert!(!kept.exists());
    }

    /// Files are evicted before the first is stored, and again after a share of the bound; never while
    /// it is not known which to keep.
    #[test]
    fn room_is_made_before_files_are_stored() {
        let folder = tempfile::tempdir().unwrap();
        let add = |key| file(folder.path(), key, EXTENSION, SHARE * MIB, Duration::ZERO);
        let evictor = Evictor::new(SHARE * MIB);
        let make_room = |length: u64, kept: Option<HashSet<String>>| {
            let length = usize::try_from(length).unwrap();
            evictor.make_room(folder.path(), length, || kept);
        };
        let first = add('a');
        make_room(1, None);
        assert!(first.exists());
        make_room(MIB, Some(HashSet::new()));
        assert!(!first.exists());
        let second = add('b');
        make_room(0, Some(HashSet::new()));
        assert!(second.exists());
        make_room(1, Some(HashSet::new()));
        assert!(!second.exists());
    }
}
