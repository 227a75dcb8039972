//! `functions dev`.

mod gate;
mod inputs;
mod options;
mod own_files;
mod page;
mod regular_file;
mod screen;
mod serving;
mod session;
mod status;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use host_harness::stderr::Format;

use self::options::Options;
use self::serving::Serving;
use self::session::Session;
use self::status::Status;
use crate::project::{self, Manifest};
use crate::report::{EXIT_CODES, Ended};
use crate::serve::ServeOptions;
use crate::{Arguments, Command, arguments};

/// How long the session may take to end.
const END: Duration = Duration::from_secs(1);

/// Build functions, serve them, and do both again whenever a source changes.
///
/// The function of a package has its name and answers at http://ADDRESS/NAME and below. While a build
/// fails, the last good one keeps serving; a browser gets the compiler's errors as a page. The header
/// `x-functions-version` says which build answered.
///
/// A `functions.toml` in the folder declares functions, their settings, and in `[dev]` options of this command.
///
/// Example: functions dev
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Dev {
    /// The folder of a package, of a workspace or of a functions.toml: all of its functions are served.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    #[command(flatten)]
    options: ServeOptions,
}

/// What the session waits for.
#[derive(Debug)]
enum Event {
    /// Files have changed.
    Changed(Vec<PathBuf>),
    /// Any file may have changed.
    Rescan,
    /// The build with this number has ended.
    Built(u64),
    /// The session has to end.
    Stop,
}

impl Dev {
    pub(crate) fn log_format(&self) -> Format {
        self.options.log_format()
    }

    /// The same with the options of the folder's manifest, unless the command line or a variable has them.
    pub(crate) fn with_manifest(self) -> anyhow::Result<Self> {
        let folder = project::folder_of(&self.path)?;
        let options = match Manifest::find(&folder)? {
            Some(manifest) if !manifest.dev.is_empty() => manifest.dev,
            _ => return Ok(self),
        };
        let given = options
            .into_iter()
            .map(|option| (option.long, option.values));
        let arguments: Arguments = arguments::parse_with("dev", given);
        match arguments.command {
            Command::Dev(dev) => Ok(*dev),
            _ => Ok(self),
        }
    }

    pub(crate) fn run(mut self) -> anyhow::Result<Ended> {
        screen::set(self.log_format());
        let folder = project::folder_of(&self.path)?;
        let manifest = Manifest::find(&folder)?;
        let options = Options::new(manifest.map(|manifest| manifest.dev).unwrap_or_default());
        let status = Arc::new(Status::default());
        let gate = Arc::clone(&status);
        // The host does not know the functions yet.
        let private = self.options.take_private();
        self.options.run_with(
            || Ok(Vec::new()),
            |builder| gate::attach(builder, gate),
            |harness, url| {
                let serving = Serving::new(harness.clone(), url, private, Arc::clone(&status));
                Running::start((folder, options), serving, status)
            },
        )
    }
}

/// A session in its thread. Dropping it ends the session.
struct Running {
    events: Sender<Event>,
    ended: Receiver<session::Stopped>,
}

impl Running {
    fn start(
        project: (PathBuf, Options),
        serving: Serving,
        status: Arc<Status>,
    ) -> anyhow::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let channel = (sender.clone(), receiver);
        let session = Session::new(project, serving, status, channel);
        let session = session.context("cannot watch files")?;
        let (end, ended) = mpsc::channel();
        let thread = thread::Builder::new().name("functions-dev".into());
        thread.spawn(move || {
            // Fails only if nobody waits any more.
            let _ = end.send(session.run());
        })?;
        Ok(Self {
            events: sender,
            ended,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.events.send(Event::Stop);
        let _ = self.ended.recv_timeout(END);
    }
}
