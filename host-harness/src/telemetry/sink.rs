use std::sync::Arc;
use std::time::SystemTime;

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::format::Format;
use super::text::JsonText;
use super::{LogLevel, Record, RecordKind};

/// Receives every record of all functions.
pub(crate) type Sink = Arc<dyn Fn(Record) + Send + Sync>;

/// The sink of an invocation's records, and the limits on them.
#[derive(Clone)]
pub(crate) struct Output {
    pub(crate) sink: Sink,
    /// The lowest level of log records that are kept; `None` keeps none.
    pub(crate) min_level: Option<LogLevel>,
    /// The most records of an invocation.
    pub(crate) max_records: usize,
    /// The most bytes of the texts of an invocation's records.
    pub(crate) max_bytes: usize,
}

/// Formats a record as a line.
pub(super) fn record_line(record: &Record, format: Format, time: SystemTime) -> String {
    match format {
        Format::Text => format!("{record}\n"),
        Format::Json => json(record, time),
    }
}

fn json(record: &Record, time: SystemTime) -> String {
    // Strings can always be written as JSON.
    let json = serde_json::to_string(&Json { record, time }).unwrap_or_default();
    JsonText(&json).to_string()
}

struct Json<'a> {
    record: &'a Record,
    time: SystemTime,
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = humantime::format_rfc3339_millis(self.time).to_string();
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("timestamp", &time)?;
        object.serialize_entry("function", &*self.record.function)?;
        object.serialize_entry("invocation", &self.record.invocation.to_string())?;
        if let Some(request) = &self.record.request {
            object.serialize_entry("request", &**request)?;
        }
        match &self.record.kind {
            RecordKind::Printed { stream, text, .. } => {
                object.serialize_entry("stream", stream.name())?;
                object.serialize_entry("text", text)?;
            }
            RecordKind::Logged {
                level,
                target,
                message,
                fields,
            } => {
                object.serialize_entry("level", level.name())?;
                object.serialize_entry("target", target)?;
                object.serialize_entry("message", message)?;
                object.serialize_entry("fields", &Fields(fields))?;
            }
            RecordKind::Dropped { records, bytes, .. } => {
                object.serialize_entry("level", LogLevel::Warn.name())?;
                object.serialize_entry("message", &self.record.kind.dropped_message())?;
                object.serialize_entry("dropped", records)?;
                object.serialize_entry("dropped_bytes", bytes)?;
            }
        }
        object.end()
    }
}

struct Fields<'a>(&'a [(String, String)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{InvocationId, OutputStream};

    fn shown(request: Option<&str>, kind: RecordKind) -> String {
        let invocation = InvocationId::new();
        let record = Record {
            function: "f".into(),
            invocation,
            request: request.map(Arc::from),
            kind,
        };
        let line = record_line(&record, Format::Json, SystemTime::UNIX_EPOCH);
        let line = line.strip_suffix('\n').unwrap();
        line.replace(&invocation.to_string(), "ID")
    }

    /// A record is one line of JSON with all its parts.
    #[test]
    fn records_are_json() {
        let printed = RecordKind::Printed {
            stream: OutputStream::Stdout,
            text: "a \"b\"\n".into(),
            is_whole: true,
        };
        assert_eq!(
            shown(None, printed),
            r#"{"timestamp":"1970-01-01T00:00:00.000Z","function":"f","invocation":"ID","stream":"stdout","text":"a \"b\"\n"}"#
        );
        let logged = RecordKind::Logged {
            level: LogLevel::Warn,
            target: "app".into(),
            message: "slow".into(),
            fields: vec![("ms".into(), "12".into())],
        };
        assert_eq!(
            shown(Some("abc"), logged),
            r#"{"timestamp":"1970-01-01T00:00:00.000Z","function":"f","invocation":"ID","request":"abc","level":"warn","target":"app","message":"slow","fields":{"ms":"12"}}"#
        );
    }
}
