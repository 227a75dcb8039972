use std::fmt;
use std::sync::Arc;

use super::InvocationId;
use super::text::{Escaped, Field};

/// Something that a function printed or logged.
///
/// As text it is one line, whatever the function put into it: `[NAME INVOCATION stdout] text`, or
/// `[NAME INVOCATION INFO target] message key=value`.
///
/// ```
/// use host_harness::{Record, RecordKind};
///
/// fn warn_of(record: &Record) -> Option<&str> {
///     match &record.kind {
///         RecordKind::Logged { level, message, .. } if *level >= host_harness::LogLevel::Warn => {
///             Some(message)
///         }
///         _ => None,
///     }
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Record {
    /// The function's name.
    pub function: Arc<str>,
    /// The invocation that it comes from.
    pub invocation: InvocationId,
    /// What it is.
    pub kind: RecordKind,
}

/// What a [`Record`] is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RecordKind {
    /// A line that the function printed.
    #[non_exhaustive]
    Printed {
        /// Where it was printed to.
        stream: OutputStream,
        /// The line, without its end. What was not UTF-8 is replaced by U+FFFD.
        text: String,
    },
    /// A record that the function logged.
    #[non_exhaustive]
    Logged {
        /// How much it matters.
        level: LogLevel,
        /// Where in the program it comes from.
        target: String,
        /// What it says.
        message: String,
        /// Its key-value pairs, in the function's order.
        fields: Vec<(String, String)>,
    },
    /// What the invocation printed and logged beyond its limits: its last record.
    #[non_exhaustive]
    Dropped {
        /// How many records.
        records: u64,
        /// How many bytes their texts had.
        bytes: u64,
        /// How many records are kept of an invocation: [`Limits::log_records`](crate::Limits::log_records).
        max_records: usize,
        /// How many bytes are kept of an invocation: [`Limits::log_bytes`](crate::Limits::log_bytes).
        max_bytes: usize,
    },
}

/// Where a function printed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputStream {
    /// Its standard output.
    Stdout,
    /// Its standard error, where panics go too.
    Stderr,
}

/// How much a record matters, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Every step.
    Trace,
    /// What helps to find out why.
    Debug,
    /// What is worth knowing.
    Info,
    /// What may be wrong.
    Warn,
    /// What went wrong.
    Error,
}

impl RecordKind {
    /// The text of a record about what was dropped; nothing of others.
    pub(super) fn dropped_message(&self) -> String {
        let Self::Dropped {
            records,
            bytes,
            max_records,
            max_bytes,
        } = self
        else {
            return String::new();
        };
        format!(
            "{records} records dropped ({bytes} bytes): an invocation may log {max_records} records \
             (--max-log-records) and {max_bytes} bytes (--max-log-bytes)"
        )
    }
}

impl OutputStream {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

impl LogLevel {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for OutputStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// In capitals, as logs have it.
impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        })
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} {} ", self.function, self.invocation)?;
        match &self.kind {
            RecordKind::Printed { stream, text } => write!(f, "{stream}] {}", Escaped(text)),
            RecordKind::Logged {
                level,
                target,
                message,
                fields,
            } => {
                write!(f, "{level} {}] {}", Escaped(target), Escaped(message))?;
                fields
                    .iter()
                    .try_for_each(|(key, value)| write!(f, " {}", Field(key, value)))
            }
            RecordKind::Dropped { .. } => {
                write!(f, "{}] {}", LogLevel::Warn, self.kind.dropped_message())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: RecordKind) -> String {
        let invocation = InvocationId::new();
        let record = Record {
            function: "f".into(),
            invocation,
            kind,
        };
        record.to_string().replace(&invocation.to_string(), "ID")
    }

    /// Records look as documented, and levels are in order.
    #[test]
    fn records_are_lines() {
        let printed = RecordKind::Printed {
            stream: OutputStream::Stderr,
            text: "a\tb \\ \"c\"".into(),
        };
        assert_eq!(shown(printed), "[f ID stderr] a\tb \\ \"c\"");
        let logged = RecordKind::Logged {
            level: LogLevel::Info,
            target: "app::db".into(),
            message: "connected".into(),
            fields: vec![
                ("tries".into(), "3".into()),
                ("to".into(), "the \"db\"".into()),
                ("empty".into(), String::new()),
            ],
        };
        assert_eq!(
            shown(logged),
            "[f ID INFO app::db] connected tries=3 to=\"the \\\"db\\\"\" empty=\"\""
        );
        assert!(LogLevel::Trace < LogLevel::Debug && LogLevel::Warn < LogLevel::Error);
    }

    /// Whatever a function says, it is one line: none that looks like another function's.
    #[test]
    fn records_cannot_be_forged() {
        let nasty = || String::from("x\r\n[g ID stdout] y\u{1b}[2K\u{85}\u{2028}\u{7f}");
        let harmless = "x\\r\\n[g ID stdout] y\\u{1b}[2K\\u{85}\\u{2028}\\u{7f}";
        let printed = RecordKind::Printed {
            stream: OutputStream::Stdout,
            text: nasty(),
        };
        assert_eq!(shown(printed), format!("[f ID stdout] {harmless}"));
        let logged = RecordKind::Logged {
            level: LogLevel::Error,
            target: nasty(),
            message: nasty(),
            fields: vec![(nasty(), nasty())],
        };
        assert_eq!(
            shown(logged),
            format!("[f ID ERROR {harmless}] {harmless} \"{harmless}\"=\"{harmless}\"")
        );
    }
}
