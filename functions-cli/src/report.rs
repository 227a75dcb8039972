//! Reports results on standard error and with the exit code.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::env;
use std::io::IsTerminal as _;
use std::panic::{self, PanicHookInfo};
use std::process::ExitCode;
use std::thread;

use tracing_subscriber::EnvFilter;

use crate::client::ClientError;
use crate::component::NotAComponent;
use crate::project::{InvalidManifest, ProjectError};
use crate::value::argument::InvalidArgument;
use crate::value::named::InvalidFile;

use functions_server::{InvalidKey, InvalidSigningKey, ServerError};
use host_harness::BuildError;
use host_harness::stderr::{self, Format};

/// The host was stopped, and every request in flight has ended.
pub(crate) const STOPPED: u8 = 0;
/// The host cannot start, or cannot continue.
const FAILED: u8 = 1;
/// An argument cannot work, such as a file that is not a function or an invalid name. Also the exit
/// code for arguments that do not parse.
const USAGE: u8 = 2;
/// The host was stopped, and some requests were cut off.
pub(crate) const CUT: u8 = 3;
/// A function, version or token does not exist.
const NOT_FOUND: u8 = 4;
/// The token is missing, or may not do this.
const NOT_ALLOWED: u8 = 5;

/// The exit codes, as `--help` lists them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  stopped, and every request in flight has ended
  1  cannot start, or cannot continue: the last line says why
  2  invalid arguments, or a file or data folder that cannot be served
  3  stopped, and requests were cut off: --grace was over, or a second signal came";

/// How a command ended that did its work.
pub(crate) enum Ended {
    Done,
    Stopped,
    Cut,
}

/// Logs at the level of `RUST_LOG`; unless set, warnings and errors, and what workers print.
pub(crate) fn log_to_stderr(format: Format) {
    stderr::set_format(format);
    let (filter, invalid) = filter();
    let has_colors = std::io::stderr().is_terminal() && matches!(format, Format::Text);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(has_colors)
        // Otherwise tracing would panic if standard error is closed.
        .log_internal_errors(false)
        .with_writer(move || stderr::Lines { has_colors });
    match format {
        Format::Text => log.init(),
        // The same form as functions' records: one flat object per line.
        Format::Json => log.json().flatten_event(true).init(),
    }
    if let Some(invalid) = invalid {
        tracing::warn!(
            "invalid RUST_LOG: {invalid}; expected a filter such as warn or host_harness=debug"
        );
    }
}

/// The filter of `RUST_LOG`, and the error if it is invalid.
fn filter() -> (EnvFilter, Option<String>) {
    let unset = || EnvFilter::new("warn,worker=info");
    match env::var("RUST_LOG") {
        Ok(text) if !text.is_empty() => match EnvFilter::try_new(text) {
            Ok(filter) => (filter, None),
            Err(invalid) => (unset(), Some(invalid.to_string())),
        },
        Ok(_) | Err(env::VarError::NotPresent) => (unset(), None),
        Err(invalid) => (unset(), Some(invalid.to_string())),
    }
}

/// Logs panics like other errors. By default, a thread that panics would block on standard error.
pub(crate) fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        stderr::write_error(&panic_message(panic));
        // A panic of the main thread ends the process.
        if thread::current().name() == Some("main") {
            stderr::flush(stderr::FLUSH);
        }
    }));
}

fn panic_message(panic: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let name = thread.name().unwrap_or("without a name");
    let message = panic.payload_as_str().unwrap_or("no text");
    let location = panic.location().map(ToString::to_string);
    let location = location.unwrap_or_default();
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => {
            format!("thread {name} panicked at {location}: {message}\n{backtrace}")
        }
        _ => format!("thread {name} panicked at {location}: {message}"),
    }
}

/// The exit code, once the last lines are written or cannot be.
pub(crate) fn exit_code(result: anyhow::Result<Ended>) -> ExitCode {
    exit_code_of(result.map(|ended| match ended {
        Ended::Done | Ended::Stopped => ExitCode::from(STOPPED),
        Ended::Cut => ExitCode::from(CUT),
    }))
}

/// The same for a command with exit codes of its own.
pub(crate) fn exit_code_of(result: anyhow::Result<ExitCode>) -> ExitCode {
    let code = result.unwrap_or_else(|error| {
        // An error and its causes in one line.
        stderr::write_plain(&format!("error: {error:#}"));
        ExitCode::from(code_of(&error))
    });
    stderr::flush(stderr::FLUSH);
    code
}

fn code_of(error: &anyhow::Error) -> u8 {
    if let Some(error) = error.downcast_ref::<ClientError>() {
        return match error {
            _ if error.is_invalid_input() => USAGE,
            _ if error.is_not_found() => NOT_FOUND,
            _ if error.is_not_allowed() => NOT_ALLOWED,
            _ => FAILED,
        };
    }
    if error.is::<InvalidKey>()
        || error.is::<InvalidSigningKey>()
        || error.is::<InvalidArgument>()
        || error.is::<InvalidFile>()
        || error.is::<InvalidManifest>()
        || error.is::<NotAComponent>()
        || error
            .downcast_ref()
            .is_some_and(ProjectError::is_of_project)
    {
        return USAGE;
    }
    let built = match error.downcast_ref() {
        Some(ServerError::Build(error)) => Some(error),
        Some(_) => return USAGE,
        None => error.downcast_ref(),
    };
    match built {
        Some(
            BuildError::Load(_)
            | BuildError::Name(_)
            | BuildError::Limits(_)
            | BuildError::AllowHost(_)
            | BuildError::CaFile(_)
            | BuildError::TrustedProxy(_)
            | BuildError::MultiTenant(_)
            | BuildError::PublicUrl(_)
            | BuildError::Setting { .. },
        ) => USAGE,
        _ => FAILED,
    }
}
