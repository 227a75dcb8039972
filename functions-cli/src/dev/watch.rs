//! Watches the folders of inputs.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::Event;

/// How many folders of a project are watched at most, besides those that have inputs.
const MAX_FOLDERS: usize = 1000;

/// Reports changes of files in some folders, not below them.
pub(super) struct Watch {
    watcher: RecommendedWatcher,
    folders: HashSet<PathBuf>,
}

impl Watch {
    pub(super) fn new(events: Sender<Event>) -> notify::Result<Self> {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let event = match event {
                Ok(event) if event.need_rescan() => Event::Rescan,
                Ok(event) if event.kind.is_access() => return,
                Ok(event) => Event::Changed(event.paths),
                Err(_) => Event::Rescan,
            };
            // Fails only if the session has ended.
            let _ = events.send(event);
        })?;
        Ok(Self {
            watcher,
            folders: HashSet::new(),
        })
    }

    /// Watches exactly these folders. Those that were watched are watched anew: they may have been deleted
    /// and made again.
    pub(super) fn set(&mut self, folders: HashSet<PathBuf>) {
        for gone in self.folders.difference(&folders) {
            let _ = self.watcher.unwatch(gone);
        }
        for folder in &folders {
            // A folder that is not there is noticed when it appears, in the one above it.
            let _ = self.watcher.watch(folder, RecursiveMode::NonRecursive);
        }
        self.folders = folders;
    }
}

/// The folders below `root`, and itself, less hidden ones and those of build results.
pub(super) fn folders_below(root: &Path, targets: &[PathBuf]) -> Vec<PathBuf> {
    let targets = targets.iter();
    let targets = targets.map(|target| fs::canonicalize(target).unwrap_or_else(|_| target.clone()));
    let targets: Vec<_> = targets.collect();
    let mut found = Vec::new();
    let mut next: Vec<_> = fs::canonicalize(root).into_iter().collect();
    while let Some(folder) = next.pop() {
        if found.len() >= MAX_FOLDERS {
            break;
        }
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        for entry in entries {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
            let path = entry.path();
            if is_folder
                && !is_hidden
                && !targets.contains(&path)
                && !path.join("CACHEDIR.TAG").exists()
            {
                next.push(path);
            }
        }
        found.push(folder);
    }
    found
}
