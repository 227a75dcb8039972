//! One run of cargo, which a change may cut short.

use std::process::Stdio;
use std::sync::mpsc::Sender;
use std::thread;
use std::{io, mem};

use functions_toolchain::{Artifact, GuestBuild};

use super::Event;
use super::screen;
use crate::child::ChildGroup;

/// A build that runs. Dropping it ends it.
pub(super) struct Compiling {
    spec: GuestBuild,
    group: ChildGroup,
    reading: Option<thread::JoinHandle<io::Result<(String, String)>>>,
}

impl Compiling {
    /// Starts cargo. Its messages go to the screen as they come; [`Event::Built`] follows the last one.
    pub(super) fn start(spec: GuestBuild, build: u64, events: Sender<Event>) -> io::Result<Self> {
        let mut command = spec.command();
        command
            .args([
                "--color",
                if screen::has_colors() {
                    "always"
                } else {
                    "never"
                },
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = ChildGroup::start(&mut command)?;
        let pipes = group.pipes();
        let thread = thread::Builder::new().name("functions-cargo".into());
        let reading = thread.spawn(move || {
            let read = pipes.read(screen::cargo_line);
            // Fails only if the session has ended.
            let _ = events.send(Event::Built(build));
            read
        })?;
        Ok(Self {
            spec,
            group,
            reading: Some(reading),
        })
    }

    /// What came of it, once [`Event::Built`] has arrived. An error is what cargo said.
    pub(super) fn finish(mut self) -> Result<Vec<Artifact>, String> {
        let read = mem::take(&mut self.reading).map(thread::JoinHandle::join);
        let Some(Ok(Ok((printed, said)))) = read else {
            return Err("cargo's output cannot be read".into());
        };
        match self.group.wait() {
            Ok(status) if status.success() => {
                let built = self.spec.artifacts(&printed);
                built.map_err(|error| error.to_string())
            }
            Ok(_) => Err(said),
            Err(error) => Err(format!("cargo cannot be waited for: {error}")),
        }
    }
}
