//! Options of the log.

use clap::{Args, ValueEnum};

use host_harness::stderr::{self, Format};
use host_harness::{Builder, LogLevel};

/// Options of the log, which goes to standard error.
#[derive(Args)]
pub(crate) struct Logging {
    /// The lowest level of log records that are kept. Printed lines are always kept.
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = "info",
        env = "FUNCTIONS_LOG_LEVEL"
    )]
    log_level: Level,

    /// Write every line as text, or as one JSON object: the functions' output and log records, and the
    /// host's own log.
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
    pub(crate) fn apply(&self, builder: Builder) -> Builder {
        let level = match self.log_level {
            Level::Off => None,
            Level::Error => Some(LogLevel::Error),
            Level::Warn => Some(LogLevel::Warn),
            Level::Info => Some(LogLevel::Info),
            Level::Debug => Some(LogLevel::Debug),
            Level::Trace => Some(LogLevel::Trace),
        };
        builder
            .min_level(level)
            .output_sink(stderr::sink(self.format()))
    }

    pub(crate) fn format(&self) -> Format {
        match self.log_format {
            LogFormat::Text => Format::Text,
            LogFormat::Json => Format::Json,
        }
    }
}
