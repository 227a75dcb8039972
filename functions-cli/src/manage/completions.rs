use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::{Arguments, output};

/// Print the completions of a shell.
///
/// Example: functions completions bash > ~/.local/share/bash-completion/completions/functions
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut Arguments::command(),
            "functions",
            &mut script,
        );
        output::write(&script).map(drop)
    }
}
