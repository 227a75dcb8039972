//! One run of cargo, which can be cut short.

use std::io;
use std::mem;
use std::process::Stdio;
use std::thread;

use functions_toolchain::{Artifact, GuestBuild};

use super::advice;
use crate::child::ChildGroup;
use crate::project;

/// A build that runs. Dropping it ends it.
pub(crate) struct CargoRun {
    spec: GuestBuild,
    group: ChildGroup,
    reading: Option<thread::JoinHandle<io::Result<(String, String)>>>,
}

impl CargoRun {
    /// Starts cargo. `show` gets its messages as they come, and `ended` is called after the last one.
    pub(crate) fn start(
        spec: GuestBuild,
        has_colors: bool,
        show: impl Fn(&str) + Send + 'static,
        ended: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let mut command = spec.command();
        let color = if has_colors { "always" } else { "never" };
        command
            .args(["--color", color])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = ChildGroup::start(&mut command)?;
        let pipes = group.pipes();
        let thread = thread::Builder::new().name("functions-cargo".into());
        let reading = thread.spawn(move || {
            let read = pipes.read(show);
            ended();
            read
        })?;
        Ok(Self {
            spec,
            group,
            reading: Some(reading),
        })
    }

    /// Waits for the end. An error is what cargo said, and what to do about it if that is known.
    pub(crate) fn finish(mut self) -> Result<Vec<Artifact>, Failed> {
        let read = mem::take(&mut self.reading).map(thread::JoinHandle::join);
        let Some(Ok(Ok((printed, said)))) = read else {
            return Err(Failed::new("cargo's output cannot be read", None));
        };
        match self.group.wait() {
            Ok(status) if status.success() => {
                let built = self.spec.artifacts(&printed);
                built.map_err(|error| Failed::new(&error.to_string(), None))
            }
            Ok(_) => Err(Failed {
                advice: advice::of(&said),
                said,
                is_shown: true,
            }),
            Err(error) => Err(Failed::new(
                &format!("cannot wait for cargo: {error}"),
                None,
            )),
        }
    }
}

/// A build has failed.
#[derive(Debug)]
pub(crate) struct Failed {
    /// What cargo said, or why it could not run.
    pub(crate) said: String,
    /// What to do about it.
    pub(crate) advice: Option<String>,
    /// Whether the text was shown already.
    pub(crate) is_shown: bool,
}

impl Failed {
    pub(crate) fn new(text: &str, advice: Option<String>) -> Self {
        Self {
            said: text.to_owned(),
            advice,
            is_shown: false,
        }
    }

    /// cargo did not start.
    pub(crate) fn not_started(error: &io::Error) -> Self {
        Self::new(&project::not_run(error), None)
    }
}
