//! What the command says on standard error, and with its exit code.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use crate::BuildError;
use crate::telemetry::Format;

/// The command was asked for something that cannot be: a file that is no function, a name that is
/// none. The same as for arguments that do not parse.
const USAGE: u8 = 2;

/// Logs at the level that `RUST_LOG` names, or from warnings on.
pub(super) fn log_to_stderr(format: Format) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        Format::Text => log.init(),
        // Of the same form as what functions log: one object a line, nothing nested.
        Format::Json => log.json().flatten_event(true).init(),
    }
}

/// One line for an error and its causes.
pub(super) fn failure(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    match error.downcast_ref() {
        Some(
            BuildError::Load(_)
            | BuildError::Name(_)
            | BuildError::AllowHost(_)
            | BuildError::CaFile(_)
            | BuildError::PublicUrl(_),
        ) => ExitCode::from(USAGE),
        _ => ExitCode::FAILURE,
    }
}
