//! The files that a build depends on, and whether their content has changed.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::hash::BuildHasher as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::regular_file;
use crate::build::Artifacts;
use crate::project::Project;

/// The files that a build depends on, with their content.
#[derive(Default)]
pub(super) struct Inputs {
    /// A hash of each file, or folder that a build script names; `None` for one that is not there.
    known: HashMap<PathBuf, Option<u64>>,
    /// Folders in which an unknown file counts too, as long as the inputs are not known: a build that fails
    /// does not say what it lacked.
    open: Vec<PathBuf>,
    /// Such files: they may be inputs, or written by the build.
    candidates: HashSet<PathBuf>,
    /// The folders that builds write to.
    targets: Vec<PathBuf>,
    hasher: RandomState,
}

/// The path under which the watched folder reports a file.
fn real(path: &Path) -> Option<PathBuf> {
    let folder = fs::canonicalize(path.parent()?).ok()?;
    Some(folder.join(path.file_name()?))
}

/// Whether an editor or a tool keeps such files for itself.
fn is_private(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || name.starts_with('#') || name.ends_with('~')
}

impl Inputs {
    /// From now on, every file below these folders counts.
    pub(super) fn open(&mut self, folders: impl IntoIterator<Item = PathBuf>, targets: &[PathBuf]) {
        let real = |folder: PathBuf| fs::canonicalize(&folder).unwrap_or(folder);
        self.open = folders.into_iter().map(real).collect();
        self.targets = targets.iter().cloned().map(real).collect();
    }

    /// Remembers the content of files, which are inputs of the next build.
    pub(super) fn note(&mut self, files: impl Iterator<Item = PathBuf>) {
        for file in files.filter_map(|file| real(&file)) {
            let content = self.content(&file);
            self.known.insert(file, content);
        }
    }

    /// Learns the inputs of a build that succeeded, and began at `began`. Returns whether one of them may
    /// have changed since.
    pub(super) fn learn(
        &mut self,
        project: &Project,
        built: &Artifacts,
        began: SystemTime,
    ) -> bool {
        self.open.clear();
        self.candidates.clear();
        let built = built.iter().flat_map(|(_, artifacts)| artifacts);
        let files = built.flat_map(|artifact| {
            let listed = fs::read_to_string(artifact.wasm.with_extension("d"));
            dependencies(&listed.unwrap_or_default())
        });
        let files = files.filter(|file| !real(file).is_some_and(|file| self.is_result(&file)));
        let files: Vec<_> = files.chain(project.inputs()).collect();
        let mut known = HashMap::new();
        let mut is_stale = false;
        for file in files {
            // A link, and what it points to.
            let places = [real(&file), fs::canonicalize(&file).ok()];
            for file in places.into_iter().flatten() {
                if known.contains_key(&file) {
                    continue;
                }
                let content = match self.known.get(&file) {
                    Some(content) => *content,
                    None => {
                        is_stale |= is_newer(&file, began);
                        self.content(&file)
                    }
                };
                known.insert(file, content);
            }
        }
        self.known = known;
        is_stale
    }

    /// Whether a file is an input for certain.
    pub(super) fn has(&self, file: &Path) -> bool {
        self.known.contains_key(file) && !self.candidates.contains(file)
    }

    /// The folders of all inputs.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.known.keys().filter_map(|file| file.parent())
    }

    /// The inputs that are folders, with all that is below them.
    pub(super) fn whole_folders(&self) -> impl Iterator<Item = &Path> {
        self.known
            .keys()
            .map(PathBuf::as_path)
            .filter(|file| file.is_dir())
    }

    /// The inputs at, below or around `path` whose content has changed since they were last looked at.
    pub(super) fn changed(&mut self, path: &Path) -> Vec<PathBuf> {
        let known = self.known.keys();
        let known = known.filter(|file| file.starts_with(path) || path.starts_with(file));
        let mut files: Vec<_> = known.cloned().collect();
        if files.is_empty() && self.is_candidate(path) {
            files.push(path.to_owned());
            self.candidates.insert(path.to_owned());
        }
        files.retain(|file| {
            let content = self.content(file);
            self.known.insert(file.clone(), content) != Some(content)
        });
        files
    }

    /// Whether an unknown file counts.
    fn is_candidate(&self, path: &Path) -> bool {
        let is_open = self.open.iter().any(|folder| {
            let inside = path.strip_prefix(folder);
            inside.is_ok_and(|inside| !inside.iter().any(is_private))
        });
        is_open && !self.is_result(path)
    }

    /// Whether a build has written a file.
    fn is_result(&self, path: &Path) -> bool {
        let mut targets = self.targets.iter();
        targets.any(|target| path.starts_with(target))
    }

    fn content(&self, file: &Path) -> Option<u64> {
        if file.is_dir() {
            let mut files = Vec::new();
            self.list(file, &mut files);
            files.sort_unstable();
            return Some(self.hasher.hash_one(files));
        }
        let bytes = regular_file::read(file).ok()?;
        Some(self.hasher.hash_one(bytes))
    }

    /// Adds the files below a folder, and when they were written: cargo compares no more.
    fn list(&self, folder: &Path, files: &mut Vec<(PathBuf, Option<SystemTime>)>) {
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            if self.is_result(&path) || is_private(&entry.file_name()) {
                continue;
            }
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => self.list(&path, files),
                metadata => {
                    let written = metadata.and_then(|metadata| metadata.modified());
                    files.push((path, written.ok()));
                }
            }
        }
    }
}

/// Whether a file was written after a moment; also if that is not known.
fn is_newer(file: &Path, moment: SystemTime) -> bool {
    let written = fs::metadata(file).and_then(|metadata| metadata.modified());
    match written {
        Ok(written) => written >= moment,
        Err(_) => file.exists(),
    }
}

/// The files that cargo's dep-info names: `target: file file\ with\ spaces`.
fn dependencies(listed: &str) -> Vec<PathBuf> {
    let lines = listed.lines().filter_map(|line| line.split_once(": "));
    let mut files = Vec::new();
    for (_, line) in lines {
        let mut file = String::new();
        let mut characters = line.chars().peekable();
        while let Some(character) = characters.next() {
            match (character, characters.peek()) {
                ('\\', Some(' ')) => file.extend(characters.next()),
                (' ', _) => files.push(std::mem::take(&mut file)),
                _ => file.push(character),
            }
        }
        files.push(file);
    }
    files.retain(|file| !file.is_empty());
    files.into_iter().map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names with spaces are one name.
    #[test]
    fn dep_info_is_read() {
        let listed = "/t/a.wasm: /s/lib.rs /s/a\\ b.txt /s/build.rs\n";
        let files = ["/s/lib.rs", "/s/a b.txt", "/s/build.rs"].map(PathBuf::from);
        assert_eq!(dependencies(listed), files);
        assert_eq!(dependencies("/t/a.wasm: \n"), [] as [PathBuf; 0]);
    }

    /// Anything besides files and folders, such as a pipe, is not read.
    #[cfg(unix)]
    #[test]
    fn devices_are_not_read() {
        assert_eq!(Inputs::default().content(Path::new("/dev/zero")), None);
    }

    /// Only another content is a change; a file that comes or goes is one too.
    #[test]
    fn content_decides() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let file = root.join("src/lib.rs");
        fs::create_dir(root.join("src")).unwrap();
        fs::write(&file, "one").unwrap();
        let mut inputs = Inputs::default();
        inputs.open([root.clone()], &[root.join("target")]);
        assert_eq!(inputs.changed(&file), std::slice::from_ref(&file));
        fs::write(&file, "one").unwrap();
        assert!(inputs.changed(&file).is_empty());
        fs::write(&file, "two").unwrap();
        assert_eq!(inputs.changed(&file), std::slice::from_ref(&file));
        fs::remove_dir_all(root.join("src")).unwrap();
        // As if the folder had been moved.
        assert_eq!(inputs.changed(&root.join("src")), [file]);
    }

    /// A folder that a build script names has changed when anything below it has, but what tools keep there.
    #[test]
    fn folder_changes_with_what_is_below_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let data = root.join("data");
        fs::create_dir_all(data.join("deep")).unwrap();
        let mut inputs = Inputs::default();
        inputs.note([data.clone()].into_iter());
        assert_eq!(inputs.whole_folders().collect::<Vec<_>>(), [&data]);
        let file = data.join("deep/one.txt");
        fs::write(&file, "one").unwrap();
        assert_eq!(inputs.changed(&file), std::slice::from_ref(&data));
        assert!(inputs.changed(&file).is_empty());
        fs::write(data.join(".one.swp"), "one").unwrap();
        assert!(inputs.changed(&data.join(".one.swp")).is_empty());
        fs::remove_file(&file).unwrap();
        assert_eq!(inputs.changed(&file), [data]);
    }

    /// What a build writes, and what tools keep for themselves, never counts.
    #[test]
    fn other_files_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let mut inputs = Inputs::default();
        inputs.open([root.clone()], &[root.join("target")]);
        for name in [
            "target/debug/a.rs",
            ".git/index",
            "src/.lib.rs.swp",
            "src/lib.rs~",
        ] {
            let file = root.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, "one").unwrap();
            assert!(inputs.changed(&file).is_empty(), "{name}");
        }
    }
}
