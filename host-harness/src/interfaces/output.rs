//! `functions:web/output`: what functions print and log.

use std::sync::{Arc, Mutex, PoisonError};

use super::State;
use super::bindings::functions::web::output::{Host, Level, Stream};
use super::environment::Call;
use crate::telemetry::{Lines, LogLevel, OutputStream, Record, RecordKind};

/// The most that is kept of a record's message, of its target, and of each key and value, in bytes.
const MAX_TEXT: usize = 64 * 1024;

/// The most fields that are kept of a record.
const MAX_FIELDS: usize = 64;

/// The lines that an invocation is printing. They are the same whether it prints through this
/// interface or through WASI; what has no end yet is a line when they go, also after a trap.
#[derive(Default)]
pub(super) struct Printed {
    stdout: Option<Arc<Mutex<Lines>>>,
    stderr: Option<Arc<Mutex<Lines>>>,
}

impl Printed {
    pub(super) fn lines(&mut self, call: &Call, stream: OutputStream) -> &Arc<Mutex<Lines>> {
        let lines = match stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        };
        lines.get_or_insert_with(|| {
            let function = &call.function;
            let sink = Arc::clone(&function.output.sink);
            let lines = Lines::new(sink, Arc::clone(&function.name), call.id, stream);
            Arc::new(Mutex::new(lines))
        })
    }
}

impl Host for State {
    fn write(&mut self, to: Stream, bytes: Vec<u8>) -> wasmtime::Result<()> {
        let stream = match to {
            Stream::Stdout => OutputStream::Stdout,
            Stream::Stderr => OutputStream::Stderr,
        };
        let lines = self.printed.lines(&self.call, stream);
        lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(&bytes);
        Ok(())
    }

    fn least_level(&mut self) -> wasmtime::Result<Option<Level>> {
        let least = self.call.function.output.least_level;
        Ok(least.map(|least| match least {
            LogLevel::Trace => Level::Trace,
            LogLevel::Debug => Level::Debug,
            LogLevel::Info => Level::Info,
            LogLevel::Warn => Level::Warn,
            LogLevel::Error => Level::Error,
        }))
    }

    fn log(
        &mut self,
        level: Level,
        target: String,
        message: String,
        mut fields: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        let level = match level {
            Level::Trace => LogLevel::Trace,
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        };
        let function = &self.call.function;
        if function
            .output
            .least_level
            .is_none_or(|least| level < least)
        {
            return Ok(());
        }
        fields.truncate(MAX_FIELDS);
        let fields = fields
            .into_iter()
            .map(|(key, value)| (cut(key), cut(value)))
            .collect();
        (function.output.sink)(Record {
            function: Arc::clone(&function.name),
            invocation: self.call.id,
            kind: RecordKind::Logged {
                level,
                target: cut(target),
                message: cut(message),
                fields,
            },
        });
        Ok(())
    }
}

/// The beginning of a text that is too long.
fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text is kept up to the limit, and never cut within a character.
    #[test]
    fn cuts_texts() {
        for (length, kept) in [
            (MAX_TEXT - 1, MAX_TEXT - 1),
            (MAX_TEXT, MAX_TEXT),
            (MAX_TEXT + 1, MAX_TEXT),
        ] {
            assert_eq!(cut("x".repeat(length)).len(), kept);
        }
        let wide = cut(format!("x{}", "é".repeat(MAX_TEXT)));
        assert_eq!(wide.len(), MAX_TEXT - 1);
    }
}
