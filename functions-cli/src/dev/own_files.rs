//! Files that a build writes itself, such as sources that a build script generates.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::screen;

/// In how many builds in a row a file has to change until the build is taken for its author. A developer who
/// saves often may do the same for a while.
const MAX_BUILDS: u32 = 5;

/// Finds the files that would make builds follow each other forever.
#[derive(Default)]
pub(super) struct OwnFiles {
    /// In how many builds in a row files have changed.
    suspects: HashMap<PathBuf, u32>,
    own: HashSet<PathBuf>,
}

impl OwnFiles {
    pub(super) fn contains(&self, file: &Path) -> bool {
        self.own.contains(file)
    }

    /// A build has ended, and these files have changed meanwhile. Returns whether it is out of date.
    pub(super) fn built(&mut self, during: &HashSet<PathBuf>) -> bool {
        self.suspects.retain(|file, _| during.contains(file));
        let mut is_outdated = false;
        for file in during {
            let builds = self.suspects.entry(file.clone()).or_default();
            *builds += 1;
            // Also after the last of them, so that no change is lost if it was somebody else's.
            is_outdated = true;
            if *builds >= MAX_BUILDS && self.own.insert(file.clone()) {
                let file = file.display();
                screen::notice(&format!(
                    "{file} changes with every build: this starts no other"
                ));
            }
        }
        is_outdated
    }

    /// These files have changed while nothing was built.
    pub(super) fn changed_by_others(&mut self, files: &[PathBuf]) {
        self.suspects.clear();
        for file in files {
            self.own.remove(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that changes with every build starts no further builds, until somebody else changes it.
    #[test]
    fn builds_do_not_follow_each_other_forever() {
        let mut files = OwnFiles::default();
        let file = PathBuf::from("/p/src/generated.rs");
        let during = HashSet::from([file.clone()]);
        for _ in 0..MAX_BUILDS {
            assert!(!files.contains(&file));
            assert!(files.built(&during));
        }
        assert!(files.contains(&file));
        files.changed_by_others(std::slice::from_ref(&file));
        assert!(!files.contains(&file));
        assert!(files.built(&during));
        // Not in a row.
        assert!(!files.built(&HashSet::new()));
        assert!(files.built(&during));
    }
}
