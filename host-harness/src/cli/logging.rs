//! What the command keeps of what functions log, and how it writes it.

use clap::{Args, ValueEnum};

use crate::telemetry::{Format, to_stderr};
use crate::{Builder, LogLevel};

/// What functions print and log goes to standard error.
#[derive(Args)]
pub(super) struct Logging {
    /// The least level that is kept of what functions log. What they print is kept in any case.
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = "info",
        env = "FUNCTIONS_LOG_LEVEL"
    )]
    log_level: Level,

    /// Everything as lines of text, or as one JSON object a line: what functions print and log, and
    /// what the host itself has to say.
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        env = "FUNCTIONS_LOG_FORMAT"
    )]
    log_format: LogFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum Level {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

impl Logging {
    pub(super) fn apply(&self, builder: Builder) -> Builder {
        let least = match self.log_level {
            Level::Off => None,
            Level::Error => Some(LogLevel::Error),
            Level::Warn => Some(LogLevel::Warn),
            Level::Info => Some(LogLevel::Info),
            Level::Debug => Some(LogLevel::Debug),
            Level::Trace => Some(LogLevel::Trace),
        };
        builder.log_level(least).output(to_stderr(self.format()))
    }

    pub(super) fn format(&self) -> Format {
        match self.log_format {
            LogFormat::Text => Format::Text,
            LogFormat::Json => Format::Json,
        }
    }
}
