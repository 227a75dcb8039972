//! `functions doctor`.

mod finding;
mod functions;
mod port;
mod toolchain;

use std::path::PathBuf;

use clap::Args;

use self::finding::Finding;
use crate::child;
use crate::output;
use crate::project::{self, Project};

/// How this command ends, as `--help` lists it.
const EXIT_CODES: &str = "\
Exit codes:
  0  functions can be built and run; there may be warnings
  1  something stops them: the lines that start with `error` say what to do
  2  invalid arguments";

/// Check what functions need to be built and run, and say what to do about what is missing.
///
/// Checks the toolchain, the target, the versions of the SDK and of this host, the profile, the kind of
/// library, what the last build imports, and whether the port is free.
///
/// Example: functions doctor
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Doctor {
    /// The folder of a package, of a workspace or of a functions.toml.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
}

impl Doctor {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        child::end_with_signals()?;
        let mut all = toolchain::check();
        let is_cargo_there = !all.iter().any(Finding::is_error_of_cargo);
        let folder = project::folder_of(&self.path)?;
        if project::is_project(&folder) && is_cargo_there {
            match Project::load(&folder) {
                Ok(project) => all.extend(functions::check(&project)),
                Err(error) => {
                    let text = format!("{:#}", anyhow::Error::from(error));
                    all.push(Finding::error("project", text));
                }
            }
        } else if is_cargo_there {
            let text = format!("{} has no package and no functions.toml", folder.display());
            all.push(Finding::ok("project", text));
        }
        all.push(port::check(&folder));
        for finding in &all {
            output::line(&finding.to_string())?;
        }
        let errors = all.iter().filter(|finding| finding.is_error()).count();
        match errors {
            0 => Ok(()),
            1 => anyhow::bail!("1 thing stops functions from being built or run: see above"),
            more => {
                anyhow::bail!("{more} things stop functions from being built or run: see above")
            }
        }
    }
}
