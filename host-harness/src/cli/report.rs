//! What the command says on standard error, and with its exit code.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::env;
use std::io::IsTerminal as _;
use std::panic::{self, PanicHookInfo};
use std::process::ExitCode;
use std::thread;

use tracing_subscriber::EnvFilter;

use crate::BuildError;
use crate::telemetry::{Format, stderr};

/// The host was told to stop, and every request that ran has ended.
pub(super) const STOPPED: u8 = 0;
/// The host cannot start, or not go on.
const FAILED: u8 = 1;
/// The command was asked for something that cannot be: a file that is no function, a name that is
/// none. The same as for arguments that do not parse.
const USAGE: u8 = 2;
/// The host was told to stop, and has not waited for all requests that ran.
pub(super) const CUT: u8 = 3;

/// What `--help` says of these.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0  told to stop, and every request that ran has ended
  1  cannot start, or cannot go on: the last line says why
  2  invalid arguments, or a file that cannot be served
  3  told to stop, and requests were cut off: --grace was over, or it was told twice";

/// How a command ended that did what it was asked for.
pub(super) enum Ended {
    Stopped,
    Cut,
}

/// Logs at the level that `RUST_LOG` names, or from warnings on.
pub(super) fn log_to_stderr(format: Format) {
    stderr::set_format(format);
    let (filter, invalid) = filter();
    let has_colors = std::io::stderr().is_terminal() && matches!(format, Format::Text);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(has_colors)
        // It would panic where standard error is closed.
        .log_internal_errors(false)
        .with_writer(move || stderr::HostLines { has_colors });
    match format {
        Format::Text => log.init(),
        // Of the same form as what functions log: one object a line, nothing nested.
        Format::Json => log.json().flatten_event(true).init(),
    }
    if let Some(invalid) = invalid {
        tracing::warn!("invalid RUST_LOG, such as warn or host_harness=debug is valid: {invalid}");
    }
}

/// What `RUST_LOG` asks for, and what is wrong with it.
fn filter() -> (EnvFilter, Option<String>) {
    let unset = || EnvFilter::new("warn");
    match env::var("RUST_LOG") {
        Ok(text) if !text.is_empty() => match EnvFilter::try_new(text) {
            Ok(filter) => (filter, None),
            Err(invalid) => (unset(), Some(invalid.to_string())),
        },
        Ok(_) | Err(env::VarError::NotPresent) => (unset(), None),
        Err(invalid) => (unset(), Some(invalid.to_string())),
    }
}

/// Panics are logged like all else. By itself, a thread that panics waits for standard error.
pub(super) fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        stderr::write_error(&panic_message(panic));
        // The process ends with it.
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

/// The exit code, once everything that was said is written, or cannot be.
pub(super) fn exit_code(result: anyhow::Result<Ended>) -> ExitCode {
    let code = match result {
        Ok(Ended::Stopped) => STOPPED,
        Ok(Ended::Cut) => CUT,
        Err(error) => {
            // One line for an error and its causes.
            stderr::write_plain(&format!("error: {error:#}"));
            code_of(&error)
        }
    };
    stderr::flush(stderr::FLUSH);
    ExitCode::from(code)
}

fn code_of(error: &anyhow::Error) -> u8 {
    match error.downcast_ref() {
        Some(
            BuildError::Load(_)
            | BuildError::Name(_)
            | BuildError::Limits(_)
            | BuildError::AllowHost(_)
            | BuildError::CaFile(_)
            | BuildError::MultiTenant(_)
            | BuildError::PublicUrl(_),
        ) => USAGE,
        _ => FAILED,
    }
}
