//! Runs other programs and says what went wrong, with what they printed.

use std::{
    error::Error,
    fmt, io,
    process::{Command, ExitStatus, Output},
};

/// A program that could not be started or that failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum CommandError {
    /// The program could not be started at all.
    Start {
        /// The command line.
        command: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The program ran and reported a failure.
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// What it printed to standard error, where that was captured.
        stderr: String,
    },
}

impl CommandError {
    /// Whether the program is not there (as opposed to: it failed).
    pub(crate) fn is_missing_program(&self) -> bool {
        matches!(self, Self::Start { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { command, .. } => write!(f, "cannot start `{command}`"),
            Self::Failed {
                command,
                status,
                stderr,
            } => {
                write!(f, "`{command}` failed ({status})")?;
                match stderr.trim() {
                    "" => Ok(()),
                    printed => write!(f, ":\n{printed}"),
                }
            }
        }
    }
}

impl Error for CommandError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Start { source, .. } => Some(source),
            Self::Failed { .. } => None,
        }
    }
}

/// Runs `command` to its end and returns what it printed to standard output.
///
/// Standard error is captured too, unless `command` already says where it goes.
pub(crate) fn run(command: &mut Command) -> Result<String, CommandError> {
    let output = command.output();
    finish(command, output)
}

/// Turns the end of `command` into its standard output or an error.
pub(crate) fn finish(
    command: &Command,
    output: io::Result<Output>,
) -> Result<String, CommandError> {
    let output = output.map_err(|source| CommandError::Start {
        command: line(command),
        source,
    })?;
    if !output.status.success() {
        return Err(CommandError::Failed {
            command: line(command),
            status: output.status,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command line as a person would type it, without the environment.
fn line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A missing program is told apart from a failing one, and its cause is the source.
    #[test]
    fn missing_program() {
        let error = run(&mut Command::new("no-such-program-here")).unwrap_err();
        assert!(error.is_missing_program());
        assert_eq!(error.to_string(), "cannot start `no-such-program-here`");
        assert!(error.source().unwrap().is::<io::Error>());
    }

    /// The command line is shown with its arguments.
    #[test]
    fn shows_the_command_line() {
        let mut command = Command::new("rustup");
        command.args(["target", "add", "wasm32-wasip2"]);
        assert_eq!(line(&command), "rustup target add wasm32-wasip2");
    }
}
