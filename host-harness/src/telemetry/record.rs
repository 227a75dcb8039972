use std::fmt;
use std::sync::Arc;

use super::InvocationId;
use super::text::{Escaped, Field};

/// A line that a function printed, or a record that it logged.
///
/// Displayed as one line, whatever the function wrote: `[NAME INVOCATION stdout] text`, or
/// `[NAME INVOCATION INFO target] message key=value`. If the request has an id, `request=ID` follows the
/// invocation.
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
    /// The invocation that the record comes from.
    pub invocation: InvocationId,
    /// The id that a trusted proxy gave the request; see
    /// [`Builder::trusted_proxy`](crate::Builder::trusted_proxy).
    pub request: Option<Arc<str>>,
    /// The record's content.
    pub kind: RecordKind,
}

/// The content of a [`Record`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RecordKind {
    /// A line that the function printed.
    #[non_exhaustive]
    Printed {
        /// The stream.
        stream: OutputStream,
        /// The line, without its end. Bytes that are not UTF-8 are replaced by U+FFFD.
        text: String,
        /// Whether the function ended the line. A line that is too long is split, and the last may have no end.
        is_whole: bool,
    },
    /// A record that the function logged.
    #[non_exhaustive]
    Logged {
        /// The severity.
        level: LogLevel,
        /// The part of the program that logged it.
        target: String,
        /// The message.
        message: String,
        /// Its key-value pairs, in the function's order.
        fields: Vec<(String, String)>,
    },
    /// How much output the invocation lost to its limits: its last record.
    #[non_exhaustive]
    Dropped {
        /// How many records.
        records: u64,
        /// How many bytes the texts of these records had.
        bytes: u64,
        /// The limit on an invocation's records: [`Limits::log_records`](crate::Limits::log_records).
        max_records: usize,
        /// The limit on the bytes of their texts: [`Limits::log_bytes`](crate::Limits::log_bytes).
        max_bytes: usize,
    },
}

/// A function's output stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error, which also gets panics.
    Stderr,
}

/// A record's severity, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Every step.
    Trace,
    /// Details for finding a cause.
    Debug,
    /// Normal events.
    Info,
    /// Possible problems.
    Warn,
    /// Failures.
    Error,
}

impl RecordKind {
    /// The text of a [`Dropped`](Self::Dropped) record; empty for others.
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
    pub(crate) fn name(self) -> &'static str {
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

/// Writes the level in capitals, as logs have it.
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
        if let Some(request) = &self.request {
            write!(f, "request={request} ")?;
        }
        match &self.kind {
            RecordKind::Printed { stream, text, .. } => write!(f, "{stream}] {}", Escaped(text)),
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
        shown_of(None, kind)
    }

    fn shown_of(request: Option<&str>, kind: RecordKind) -> String {
        let invocation = InvocationId::new();
        let record = Record {
            function: "f".into(),
            invocation,
            request: request.map(Arc::from),
            kind,
        };
        record.to_string().replace(&invocation.to_string(), "ID")
    }

    /// Records are displayed as documented, and levels are ordered.
    #[test]
    fn records_are_displayed_as_lines() {
        let printed = RecordKind::Printed {
            stream: OutputStream::Stderr,
            text: "a\tb \\ \"c\"".into(),
            is_whole: true,
        };
        assert_eq!(shown(printed.clone()), "[f ID stderr] a\tb \\ \"c\"");
        let of_request = shown_of(Some("abc-1"), printed);
        assert_eq!(of_request, "[f ID request=abc-1 stderr] a\tb \\ \"c\"");
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

    /// A record is one line, whatever a function writes: none looks like another function's.
    #[test]
    fn records_cannot_be_forged() {
        let nasty = || String::from("x\r\n[g ID stdout] y\u{1b}[2K\u{85}\u{2028}\u{7f}");
        let harmless = "x\\r\\n[g ID stdout] y\\u{1b}[2K\\u{85}\\u{2028}\\u{7f}";
        let printed = RecordKind::Printed {
            stream: OutputStream::Stdout,
            text: nasty(),
            is_whole: true,
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
