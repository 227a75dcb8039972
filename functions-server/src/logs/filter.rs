use std::borrow::Cow;

use host_harness::LogLevel;
use serde::Deserialize;

use crate::store::Time;

/// Selects lines of a log.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogFilter {
    /// Written since this time. Without it, only the last ones.
    pub(crate) since: Option<Time>,
    /// Of at least this level. A printed line counts as `info`, and as `error` on standard error.
    pub(crate) level: Option<LogLevel>,
    /// Of this invocation, or of the request with this id.
    pub(crate) invocation: Option<String>,
}

/// The parts of a log line that a filter compares.
#[derive(Deserialize)]
struct LogLine<'a> {
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    #[serde(borrow)]
    invocation: Cow<'a, str>,
    #[serde(borrow)]
    request: Option<Cow<'a, str>>,
    #[serde(borrow)]
    level: Option<Cow<'a, str>>,
    #[serde(borrow)]
    stream: Option<Cow<'a, str>>,
}

impl LogFilter {
    /// Whether a line is wanted. An invalid line, such as the half that a killed process left, is not.
    pub(super) fn matches(&self, line: &[u8]) -> bool {
        let Ok(line) = serde_json::from_slice::<LogLine<'_>>(line) else {
            return false;
        };
        let is_recent = self
            .since
            .is_none_or(|since| *line.timestamp >= *since.to_string());
        let is_of = self.invocation.as_ref().is_none_or(|of| {
            *of == line.invocation || line.request.as_deref() == Some(of.as_str())
        });
        let is_severe = self.level.is_none_or(|least| line.level() >= least);
        is_recent && is_of && is_severe
    }
}

impl LogLine<'_> {
    fn level(&self) -> LogLevel {
        match self.level.as_deref() {
            Some(level) => parse_level(level).unwrap_or(LogLevel::Error),
            None if self.stream.as_deref() == Some("stderr") => LogLevel::Error,
            None => LogLevel::Info,
        }
    }
}

/// Parses a level in lower case.
pub(crate) fn parse_level(text: &str) -> Option<LogLevel> {
    match text {
        "trace" => Some(LogLevel::Trace),
        "debug" => Some(LogLevel::Debug),
        "info" => Some(LogLevel::Info),
        "warn" => Some(LogLevel::Warn),
        "error" => Some(LogLevel::Error),
        _ => None,
    }
}
