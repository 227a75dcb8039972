//! What the folder may hold. Nobody else would clear it: each build of a function leaves one more file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::entry::{COMPILED, UNFINISHED};

/// How much may be kept, in bytes.
pub(super) const MOST: u64 = 1 << 30;

/// How long a function is kept that no host has loaded.
const UNUSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long the key is that names begin with, in hexadecimal.
const KEY: usize = 64;

/// Removes what has not been used for long, and what has not been for longest until a file of this
/// length fits. A host that has loaded what is removed is not disturbed.
pub(super) fn make(folder: &Path, length: usize) {
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    let mut kept = files(folder);
    kept.sort_by_key(|file| file.used);
    let now = SystemTime::now();
    let mut all = kept.iter().map(|file| file.length).sum::<u64>();
    for file in kept {
        let is_old = now.duration_since(file.used).is_ok_and(|age| age > UNUSED);
        let is_full = all.saturating_add(length) > MOST;
        if !is_old && !is_full {
            break;
        }
        match fs::remove_file(&file.path) {
            Ok(()) => all -= file.length,
            Err(error) => tracing::debug!("cannot remove {}: {error}", file.path.display()),
        }
    }
}

struct Kept {
    path: PathBuf,
    used: SystemTime,
    length: u64,
}

/// What hosts have written to a folder, nothing else that may be there.
fn files(folder: &Path) -> Vec<Kept> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    let ours = all.filter(|file| file.file_name().to_str().is_some_and(is_ours));
    let described = ours.filter_map(|file| {
        let metadata = file.metadata().ok()?;
        metadata.is_file().then_some(Kept {
            path: file.path(),
            used: metadata.modified().ok()?,
            length: metadata.len(),
        })
    });
    described.collect()
}

fn is_ours(name: &str) -> bool {
    let is_key = |key: &str| key.bytes().all(|digit| digit.is_ascii_hexdigit());
    name.get(..KEY).is_some_and(is_key) && (name.ends_with(COMPILED) || name.ends_with(UNFINISHED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path, key: char, ending: &str, length: u64, age: Duration) -> PathBuf {
        let path = folder.join(key.to_string().repeat(KEY) + ending);
        let file = fs::File::create(&path).unwrap();
        file.set_len(length).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
        path
    }

    /// What was not used for longest goes first, and only until there is room.
    #[test]
    fn makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let file = |key, minutes: u64| {
            let age = Duration::from_secs(minutes * 60);
            file(folder.path(), key, COMPILED, MOST / 4, age)
        };
        let files = [file('a', 30), file('b', 40), file('c', 10), file('d', 20)];
        let left = || files.each_ref().map(|file| file.exists());
        make(folder.path(), 0);
        assert_eq!(left(), [true; 4]);
        make(folder.path(), 1);
        assert_eq!(left(), [true, false, true, true]);
        make(folder.path(), usize::try_from(MOST / 4 + 1).unwrap());
        assert_eq!(left(), [false, false, true, true]);
    }

    /// What is old goes in any case, also what was never finished; what is not of a host stays.
    #[test]
    fn clears_old_files() {
        let folder = tempfile::tempdir().unwrap();
        let minute = Duration::from_secs(60);
        let (old, new) = (UNUSED + minute, UNUSED - minute);
        let of_a_user = folder.path().join("of-a-user.cwasm");
        fs::write(&of_a_user, "").unwrap();
        let opened = fs::File::options().write(true).open(&of_a_user).unwrap();
        opened.set_modified(SystemTime::now() - old).unwrap();
        let file = |key, ending, age| file(folder.path(), key, ending, 1, age);
        let gone = [file('a', COMPILED, old), file('b', "aX4-.new", old)];
        let stay = [
            file('c', COMPILED, new),
            file('d', UNFINISHED, new),
            of_a_user,
        ];
        make(folder.path(), 1);
        assert_eq!(gone.map(|file| file.exists()), [false; 2]);
        assert_eq!(stay.map(|file| file.exists()), [true; 3]);
    }
}
