//! Builds, serves, and begins again when an input changes.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use functions_toolchain::Artifact;
use host_harness::{FunctionSettings, Harness};
use tokio::runtime::Handle;

use super::compile::Compiling;
use super::inputs::Inputs;
use super::own_files::OwnFiles;
use super::project::Project;
use super::status::Status;
use super::watch::{self, Watch};
use super::{Event, screen};

/// How long files have to be quiet before a build begins, and how long it waits for that at most.
const QUIET: Duration = Duration::from_millis(30);
const MAX_QUIET: Duration = Duration::from_millis(300);

/// How many builds in a row a change may cut short. Further changes wait for the end of the build.
const MAX_CUT: u32 = 3;

/// The session has to end.
pub(super) struct Stopped;

/// How a build ended.
enum Outcome {
    Good(Vec<Artifact>),
    /// What cargo said, which was shown already.
    Failed(String),
    /// Another reason, which was not.
    Impossible(String),
    /// A change cut it short.
    Cut,
}

/// The loop and what it knows.
pub(super) struct Session {
    folder: PathBuf,
    url: String,
    harness: Harness,
    runtime: Handle,
    status: Arc<Status>,
    sender: Sender<Event>,
    events: Receiver<Event>,
    watch: Watch,
    inputs: Inputs,
    own_files: OwnFiles,
    project: Option<Project>,
    /// A file that says how to build has changed.
    is_outdated: bool,
    has_target: bool,
    /// The components that are served.
    served: HashMap<String, Bytes>,
    /// The number of the build.
    build: u64,
    /// How many builds in a row were cut short.
    cut: u32,
}

impl Session {
    /// Has to be called on the runtime that the harness uses.
    pub(super) fn new(
        folder: PathBuf,
        url: String,
        harness: Harness,
        status: Arc<Status>,
        (sender, events): (Sender<Event>, Receiver<Event>),
    ) -> notify::Result<Self> {
        Ok(Self {
            folder,
            url,
            harness,
            runtime: Handle::current(),
            status,
            watch: Watch::new(sender.clone())?,
            sender,
            events,
            inputs: Inputs::default(),
            own_files: OwnFiles::default(),
            project: None,
            is_outdated: true,
            has_target: false,
            served: HashMap::new(),
            build: 0,
            cut: 0,
        })
    }

    /// Builds and serves until the session is stopped.
    pub(super) fn run(mut self) -> Stopped {
        self.inputs.note(
            self.folder
                .ancestors()
                .map(|folder| folder.join("Cargo.toml")),
        );
        self.open_inputs();
        loop {
            if let Err(stopped) = self.round() {
                return stopped;
            }
        }
    }

    /// One build, what follows from it, and the wait for a change.
    fn round(&mut self) -> Result<(), Stopped> {
        self.set_watch();
        let loaded = self.load();
        // From here on, so that a file that cargo has read before a change is read again.
        let (began, since) = (SystemTime::now(), Instant::now());
        let mut during = HashSet::new();
        let outcome = match loaded {
            Ok(()) => self.compile(&mut during)?,
            Err(said) => Outcome::Impossible(said),
        };
        let is_good = matches!(outcome, Outcome::Good(_));
        let is_stale = match outcome {
            Outcome::Cut => {
                self.cut += 1;
                return Ok(());
            }
            Outcome::Failed(said) => self.fail(&said),
            Outcome::Impossible(said) => {
                said.lines().for_each(screen::failure);
                self.fail(&said)
            }
            Outcome::Good(artifacts) => {
                let project = self.project.as_ref();
                let is_stale =
                    project.is_some_and(|project| self.inputs.learn(project, &artifacts, began));
                self.serve(&artifacts, since.elapsed());
                is_stale
            }
        };
        self.set_watch();
        // What the build wrote last may be reported only now.
        self.settle(&mut during)?;
        if is_good {
            during.retain(|file| self.inputs.has(file));
        }
        let is_changed = self.own_files.built(&during);
        if is_stale || is_changed {
            return Ok(());
        }
        self.cut = 0;
        self.wait()
    }

    /// Asks cargo about the project, if it may have changed.
    fn load(&mut self) -> Result<(), String> {
        if self.is_outdated {
            let project = Project::load(&self.folder)?;
            self.is_outdated = false;
            self.status.set_functions(&project.packages);
            // cargo may have written some of them.
            self.inputs.note(project.manifests.iter().cloned());
            self.project = Some(project);
            if self.served.is_empty() {
                self.open_inputs();
                self.set_watch();
            }
        }
        if !self.has_target {
            let ready = functions_toolchain::ensure_target(&mut |step| screen::notice(step));
            ready.map_err(|error| error.to_string())?;
            self.has_target = true;
        }
        Ok(())
    }

    /// Runs cargo to its end, or to a change. `during` gets the files that changed meanwhile.
    fn compile(&mut self, during: &mut HashSet<PathBuf>) -> Result<Outcome, Stopped> {
        let Some(project) = &self.project else {
            return Ok(Outcome::Impossible("the project is not known".into()));
        };
        screen::notice(&format!("building {}", project.packages.join(", ")));
        self.build += 1;
        let build = self.build;
        let started = Compiling::start(project.build(), build, self.sender.clone());
        let compiling = match started {
            Ok(compiling) => compiling,
            Err(error) => {
                let advice = "https://rustup.rs installs it";
                return Ok(Outcome::Impossible(format!(
                    "cannot run cargo: {error}; {advice}"
                )));
            }
        };
        loop {
            match self.events.recv() {
                Ok(Event::Stop) | Err(_) => return Err(Stopped),
                Ok(Event::Built(number)) if number == build => {
                    return Ok(match compiling.finish() {
                        Ok(artifacts) => Outcome::Good(artifacts),
                        Err(said) => Outcome::Failed(said),
                    });
                }
                Ok(event) => {
                    let changed = self.changed(&event);
                    if changed.is_empty() {
                        continue;
                    }
                    let is_certain = changed.iter().any(|file| self.inputs.has(file));
                    during.extend(changed);
                    if is_certain && self.cut < MAX_CUT {
                        drop(compiling);
                        self.settle(during)?;
                        return Ok(Outcome::Cut);
                    }
                }
            }
        }
    }

    /// Waits for a change.
    fn wait(&mut self) -> Result<(), Stopped> {
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
    fn settle(&mut self, during: &mut HashSet<PathBuf>) -> Result<(), Stopped> {
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

    /// Serves what was built, where it differs from what is served.
    fn serve(&mut self, artifacts: &[Artifact], took: Duration) {
        for name in self.status.take_removed() {
            self.harness.remove(&name);
            self.served.remove(&name);
            screen::notice(&format!("removed {name}"));
        }
        let mut failures = Vec::new();
        let mut is_unchanged = true;
        for artifact in artifacts {
            match self.swap(artifact) {
                Ok(is_new) => is_unchanged &= !is_new,
                Err(error) => failures.push(error),
            }
        }
        if failures.is_empty() {
            self.status.set_failure(None);
            let what = if is_unchanged { "unchanged" } else { "built" };
            screen::notice(&format!("{what} in {:.1} s", took.as_secs_f64()));
        } else {
            failures.iter().for_each(|failure| screen::failure(failure));
            self.fail(&failures.join("\n"));
        }
    }

    /// Replaces the served component; returns whether the new one differs.
    fn swap(&mut self, artifact: &Artifact) -> Result<bool, String> {
        let name = &artifact.package;
        let file = &artifact.wasm;
        let read = fs::read(file).map(Bytes::from);
        let wasm = read.map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        if self.served.get(name) == Some(&wasm) {
            return Ok(false);
        }
        let deploy = self
            .harness
            .deploy(name, wasm.clone(), FunctionSettings::default());
        self.runtime
            .block_on(deploy)
            .map_err(|error| format!("{name}: {:#}", anyhow::Error::from(error)))?;
        self.served.insert(name.clone(), wasm);
        self.status.serve(name);
        let version = self.harness.function(name).and_then(|info| info.version);
        let version = version.unwrap_or_default();
        screen::success(&format!("serving {}/{name}  version {version}", self.url));
        Ok(true)
    }

    /// The last good build keeps serving. Until the next one, every file of the project counts.
    fn fail(&mut self, said: &str) -> bool {
        self.status.set_failure(Some(said));
        screen::failure(match self.served.is_empty() {
            true => "build failed; nothing is served yet, and requests get 503",
            false => "build failed; the last good build still serves",
        });
        self.is_outdated = true;
        self.open_inputs();
        false
    }

    fn folders(&self) -> Vec<PathBuf> {
        let folders = self.project.as_ref().map(|project| project.folders.clone());
        folders.unwrap_or_else(|| vec![self.folder.clone()])
    }

    fn target(&self) -> PathBuf {
        let target = self.project.as_ref().map(|project| project.target.clone());
        target.unwrap_or_else(|| self.folder.join("target"))
    }

    fn open_inputs(&mut self) {
        self.inputs.open(self.folders(), &self.target());
    }

    fn set_watch(&mut self) {
        let target = self.target();
        let mut folders: HashSet<PathBuf> = self.inputs.folders().map(Path::to_owned).collect();
        for folder in self.folders() {
            folders.extend(watch::folders_below(&folder, &target));
        }
        self.watch.set(folders);
    }
}
