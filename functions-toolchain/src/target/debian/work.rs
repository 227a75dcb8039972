//! The folder that the target is made in.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
};

use super::Cause;

/// How the names begin of all such folders.
const PREFIX: &str = ".wasm32-wasip2.partial-";

/// A folder beside the targets of the sysroot, removed when dropped.
///
/// It is in the sysroot so that what is made in it can be moved into place in one step, and so that
/// it shows at once whether the sysroot can be written to.
#[derive(Debug)]
pub(super) struct WorkFolder {
    path: PathBuf,
}

impl WorkFolder {
    /// Makes an empty one in `rustlib`.
    pub(super) fn create(rustlib: &Path) -> Result<Self, Cause> {
        // A name of its own: programs that a killed process had started may still write to its one.
        let path = rustlib.join(format!("{PREFIX}{}", process::id()));
        match fs::create_dir(&path) {
            Ok(()) => Ok(Self { path }),
            Err(error) => Err(format!("cannot write to {}: {error}", rustlib.display()).into()),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves `made`, which is in this folder, to `place`, in place of what may be there.
    pub(super) fn put_in_place(&self, made: &Path, place: &Path) -> io::Result<()> {
        if place.exists() {
            fs::rename(place, self.path.join("replaced"))?;
        }
        fs::rename(made, place)
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        // All of them: when the folder of a killed process was removed, some program that it had
        // started may have gone on to write to it.
        if let Some(rustlib) = self.path.parent() {
            clean_up(rustlib);
        }
    }
}

/// Removes what processes that were killed left in `rustlib`; the lock must be held.
pub(super) fn clean_up(rustlib: &Path) {
    let entries = fs::read_dir(rustlib).into_iter().flatten().flatten();
    for entry in entries {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            // It wastes space and does no other harm.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    /// What is made replaces what was there, and nothing else remains, also from a killed process.
    #[test]
    fn replaces_and_cleans_up() {
        let rustlib = env::temp_dir().join(format!("functions-toolchain-work-{}", process::id()));
        let place = rustlib.join("wasm32-wasip2");
        fs::create_dir_all(place.join("half")).unwrap();
        let killed = rustlib.join(format!("{PREFIX}x"));
        fs::create_dir(&killed).unwrap();

        clean_up(&rustlib);
        assert!(!killed.exists());
        let work = WorkFolder::create(&rustlib).unwrap();
        let made = work.path().join("target");
        fs::create_dir_all(made.join("whole")).unwrap();
        work.put_in_place(&made, &place).unwrap();
        drop(work);

        let left: Vec<_> = fs::read_dir(&rustlib).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        assert!(place.join("whole").exists());
        assert!(!place.join("half").exists());
        fs::remove_dir_all(rustlib).unwrap();
    }

    /// A sysroot that can't be written to is reported as such.
    #[test]
    fn needs_a_writable_sysroot() {
        let error = WorkFolder::create(Path::new("/no/such/rustlib")).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("cannot write to /no/such/rustlib: "),
            "{text}"
        );
    }
}
