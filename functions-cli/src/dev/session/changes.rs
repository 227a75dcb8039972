//! What a session learns of files, and what it makes of that.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use super::{Session, Stopped};
use crate::dev::Event;

/// How long files have to be quiet before a build begins, and how long it waits for that at most.
const QUIET: Duration = Duration::from_millis(30);
const MAX_QUIET: Duration = Duration::from_millis(300);

/// How many builds in a row a change may cut short. Further changes wait for the end of the build.
const MAX_CUT: u32 = 3;

impl Session {
    /// Waits for the end of the current build; returns whether a change has to cut it short.
    pub(super) fn is_cut(&mut self, during: &mut HashSet<PathBuf>) -> Result<bool, Stopped> {
        loop {
            match self.events.recv() {
                Ok(Event::Stop) | Err(_) => return Err(Stopped),
                Ok(Event::Built(number)) if number == self.build => return Ok(false),
                Ok(event) => {
                    let changed = self.changed(&event);
                    if changed.is_empty() {
                        continue;
                    }
                    let is_certain = changed.iter().any(|file| self.inputs.has(file));
                    during.extend(changed);
                    if is_certain && self.cut < MAX_CUT {
                        return Ok(true);
                    }
                }
            }
        }
    }

    /// Waits for a change.
    pub(super) fn wait(&mut self) -> Result<(), Stopped> {
        loop {
            let event = self.events.recv().map_err(|_| Stopped)?;
            if matches!(event, Event::Stop) {
                return Err(Stopped);
            }
            let changed = self.changed_by_others(&event);
            if !changed.is_empty() {
                let mut more = changed.into_iter().collect();
                return self.settle(&mut more);
            }
        }
    }

    /// Collects changes until files are quiet: editors and version control write several at once.
    pub(super) fn settle(&mut self, during: &mut HashSet<PathBuf>) -> Result<(), Stopped> {
        let until = Instant::now() + MAX_QUIET;
        while Instant::now() < until {
            match self.events.recv_timeout(QUIET) {
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return Err(Stopped),
                Ok(event) => during.extend(self.changed(&event)),
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        Ok(())
    }

    /// The inputs that an event has changed, less what the build writes itself.
    fn changed(&mut self, event: &Event) -> Vec<PathBuf> {
        let mut changed = self.all_changed(event);
        changed.retain(|file| !self.own_files.contains(file));
        changed
    }

    /// The inputs that have changed while nothing was built: the build has not written them.
    fn changed_by_others(&mut self, event: &Event) -> Vec<PathBuf> {
        let changed = self.all_changed(event);
        self.own_files.changed_by_others(&changed);
        changed
    }

    fn all_changed(&mut self, event: &Event) -> Vec<PathBuf> {
        let changed: Vec<_> = match event {
            Event::Changed(paths) => {
                let paths = paths.iter();
                paths.flat_map(|path| self.inputs.changed(path)).collect()
            }
            Event::Rescan => self.inputs.changed(Path::new("/")),
            Event::Built(_) | Event::Stop => Vec::new(),
        };
        let is_source = |file: &PathBuf| file.extension().is_some_and(|ext| ext == "rs");
        self.is_outdated |= !changed.iter().all(is_source);
        changed
    }
}
