//! Builds, serves, and begins again when an input changes.

mod changes;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant, SystemTime};

use super::inputs::Inputs;
use super::options::Options;
use super::own_files::OwnFiles;
use super::serving::Serving;
use super::status::Status;
use super::watch::{self, Watch};
use super::{Event, screen};
use crate::build::{Artifacts, CargoRun, Failed};
use crate::project::{MANIFEST, Project};

/// The session has to end.
pub(super) struct Stopped;

/// How a build ended.
enum Outcome {
    Good(Artifacts),
    Failed(Failed),
    /// A change cut it short.
    Cut,
}

/// The loop and what it knows.
pub(super) struct Session {
    folder: PathBuf,
    options: Options,
    serving: Serving,
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
    /// The number of the build.
    build: u64,
    /// How many builds in a row were cut short.
    cut: u32,
}

impl Session {
    pub(super) fn new(
        (folder, options): (PathBuf, Options),
        serving: Serving,
        status: Arc<Status>,
        (sender, events): (Sender<Event>, Receiver<Event>),
    ) -> notify::Result<Self> {
        Ok(Self {
            folder,
            options,
            serving,
            status,
            watch: Watch::new(sender.clone())?,
            sender,
            events,
            inputs: Inputs::default(),
            own_files: OwnFiles::default(),
            project: None,
            is_outdated: true,
            has_target: false,
            build: 0,
            cut: 0,
        })
    }

    /// Builds and serves until the session is stopped.
    pub(super) fn run(mut self) -> Stopped {
        self.inputs.note(
            self.folder
                .ancestors()
                .map(|folder| folder.join("Cargo.toml"))
                .chain([self.folder.join(MANIFEST)]),
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
            Err(said) => Outcome::Failed(Failed::new(&said, None)),
        };
        let is_good = matches!(outcome, Outcome::Good(_));
        let is_stale = match outcome {
            Outcome::Cut => {
                self.cut += 1;
                return Ok(());
            }
            Outcome::Failed(failed) => {
                if !failed.is_shown {
                    failed.said.lines().for_each(screen::failure);
                }
                let advice = failed.advice.as_deref().unwrap_or_default();
                advice.lines().for_each(screen::failure);
                self.fail(&format!("{}{advice}", failed.said))
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
            let project = Project::load(&self.folder);
            let project = project.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
            self.is_outdated = false;
            self.status.set_functions(project.names());
            if let Some(news) = self.options.news(&project.dev) {
                screen::notice(&news);
            }
            // cargo may have written some of them.
            self.inputs.note(project.inputs().into_iter());
            self.project = Some(project);
            if self.serving.is_empty() {
                self.open_inputs();
                self.set_watch();
            }
        }
        if !self.has_target {
            let ready = functions_toolchain::ensure_target(&mut |step| screen::notice(step));
            ready.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
            self.has_target = true;
        }
        Ok(())
    }

    /// Runs cargo to its end, or to a change. `during` gets the files that changed meanwhile.
    fn compile(&mut self, during: &mut HashSet<PathBuf>) -> Result<Outcome, Stopped> {
        let Some(project) = &self.project else {
            return Ok(Outcome::Failed(Failed::new(
                "the project is not known",
                None,
            )));
        };
        let names: Vec<_> = project.names().collect();
        screen::notice(&format!("building {}", names.join(", ")));
        let mut artifacts = Vec::new();
        for (workspace, spec) in project.builds() {
            self.build += 1;
            let (build, sender) = (self.build, self.sender.clone());
            // Fails only if the session has ended.
            let ended = move || drop(sender.send(Event::Built(build)));
            let run = CargoRun::start(spec, screen::has_colors(), screen::cargo_line, ended);
            let run = match run {
                Ok(run) => run,
                Err(error) => return Ok(Outcome::Failed(Failed::not_started(&error))),
            };
            if self.is_cut(during)? {
                drop(run);
                self.settle(during)?;
                return Ok(Outcome::Cut);
            }
            match run.finish() {
                Ok(built) => artifacts.push((workspace, built)),
                Err(failed) => return Ok(Outcome::Failed(failed)),
            }
        }
        Ok(Outcome::Good(artifacts))
    }

    /// Serves what was built.
    fn serve(&mut self, artifacts: &Artifacts, took: Duration) {
        let Some(project) = &self.project else { return };
        match self.serving.serve(project, artifacts) {
            Ok(is_new) => {
                self.status.set_failure(None);
                let what = if is_new { "built" } else { "unchanged" };
                screen::notice(&format!("{what} in {:.1} s", took.as_secs_f64()));
            }
            Err(failures) => {
                failures.iter().for_each(|failure| screen::failure(failure));
                self.fail(&failures.join("\n"));
            }
        }
    }

    /// The last good build keeps serving. Until the next one, every file of the project counts.
    fn fail(&mut self, said: &str) -> bool {
        self.status.set_failure(Some(said));
        screen::failure(match self.serving.is_empty() {
            true => "build failed; nothing is served yet, and requests get 503",
            false => "build failed; the last good build still serves",
        });
        self.is_outdated = true;
        self.open_inputs();
        false
    }

    fn folders(&self) -> Vec<PathBuf> {
        let folders = self.project.as_ref().map(Project::folders);
        let mut folders = folders.unwrap_or_default();
        folders.push(self.folder.clone());
        folders
    }

    fn targets(&self) -> Vec<PathBuf> {
        let targets = self.project.as_ref().map(Project::targets);
        targets.unwrap_or_else(|| vec![self.folder.join("target")])
    }

    fn open_inputs(&mut self) {
        self.inputs.open(self.folders(), &self.targets());
    }

    fn set_watch(&mut self) {
        let targets = self.targets();
        let mut folders: HashSet<PathBuf> = self.inputs.folders().map(Path::to_owned).collect();
        let whole: Vec<_> = self.inputs.whole_folders().map(Path::to_owned).collect();
        for folder in self.folders().into_iter().chain(whole) {
            folders.extend(watch::folders_below(&folder, &targets));
        }
        self.watch.set(folders);
    }
}
