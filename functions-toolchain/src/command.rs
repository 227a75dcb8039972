//! Runs programs, with errors that include their output.

use std::{
    error::Error,
    fmt, io,
    process::{Command, ExitStatus, Output},
};

/// The error of a program that did not start, or that failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum CommandError {
    /// The program did not start.
    Start {
        /// The command line.
        command: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The program ran and reported a failure.
    Failed {
        /// The command line.
        command: String,
        /// The exit status.
        status: ExitStatus,
        /// The captured standard error.
        stderr: String,
    },
}

impl CommandError {
    /// Whether the program was not found.
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

/// Runs `command` to its end, and returns its standard output.
///
/// Standard error is captured too, unless `command` redirects it.
pub(crate) fn run(command: &mut Command) -> Result<String, CommandError> {
    let output = command.output();
    finish(command, output)
}

/// Converts the result of `command` into its standard output or an error.
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

/// The command line as typed in a shell, without the environment.
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

    /// A missing program differs from a failing one, and the error's source is the cause.
    #[test]
    fn missing_program() {
        let error = run(&mut Command::new("no-such-program-here")).unwrap_err();
        assert!(error.is_missing_program());
        assert_eq!(error.to_string(), "cannot start `no-such-program-here`");
        assert!(error.source().unwrap().is::<io::Error>());
    }

    /// The command line includes the arguments.
    #[test]
    fn shows_the_command_line() {
        let mut command = Command::new("rustup");
        command.args(["target", "add", "wasm32-wasip2"]);
        assert_eq!(line(&command), "rustup target add wasm32-wasip2");
    }
}
