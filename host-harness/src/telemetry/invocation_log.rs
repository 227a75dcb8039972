use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::lines::LineSplitter;
use super::{InvocationId, LogLevel, Output, OutputStream, Record, RecordKind};

/// The output and log records of one invocation, within limits. A final record counts what was dropped.
pub(crate) struct InvocationLog {
    output: Output,
    source: RecordSource,
    stdout: LineSplitter,
    stderr: LineSplitter,
    budget: Budget,
}

/// What records come from.
struct RecordSource {
    function: Arc<str>,
    invocation: InvocationId,
    request: Option<Arc<str>>,
}

/// What an invocation may still log, and what it has logged beyond that.
struct Budget {
    records: usize,
    bytes: usize,
    dropped: Option<Dropped>,
}

#[derive(Default, Clone, Copy)]
struct Dropped {
    records: u64,
    bytes: u64,
}

impl Budget {
    /// Counts a record, and returns whether it is kept. After the first that is dropped, all are.
    fn take(&mut self, bytes: usize) -> bool {
        if self.dropped.is_none() && self.records > 0 && self.bytes >= bytes {
            self.records -= 1;
            self.bytes -= bytes;
            return true;
        }
        let dropped = self.dropped.get_or_insert_default();
        dropped.records += 1;
        dropped.bytes += bytes as u64;
        false
    }
}

impl InvocationLog {
    pub(crate) fn new(
        output: Output,
        function: Arc<str>,
        invocation: InvocationId,
        request: Option<Arc<str>>,
    ) -> Self {
        Self {
            budget: Budget {
                records: output.max_records,
                bytes: output.max_bytes,
                dropped: None,
            },
            output,
            source: RecordSource {
                function,
                invocation,
                request,
            },
            stdout: LineSplitter::default(),
            stderr: LineSplitter::default(),
        }
    }

    /// Writes to one of the function's streams.
    pub(crate) fn print(&mut self, stream: OutputStream, bytes: &[u8]) {
        self.with_lines(stream, |lines, emit| lines.write(bytes, emit));
    }

    /// Logs a record whose level was checked already.
    pub(crate) fn log(
        &mut self,
        level: LogLevel,
        target: String,
        message: String,
        fields: Vec<(String, String)>,
    ) {
        let of_fields = fields.iter().map(|(key, value)| key.len() + value.len());
        let bytes = target.len() + message.len() + of_fields.sum::<usize>();
        if self.budget.take(bytes) {
            let kind = RecordKind::Logged {
                level,
                target,
                message,
                fields,
            };
            self.source.emit(&self.output, kind);
        }
    }

    /// Whether the host may log `bytes` about this invocation. They count as a record of the function.
    pub(crate) fn admit(&mut self, bytes: usize) -> bool {
        self.budget.take(bytes)
    }

    fn with_lines(
        &mut self,
        stream: OutputStream,
        with: impl FnOnce(&mut LineSplitter, &mut dyn FnMut(&[u8], bool)),
    ) {
        let Self {
            output,
            source,
            stdout,
            stderr,
            budget,
        } = self;
        let lines = match stream {
            OutputStream::Stdout => stdout,
            OutputStream::Stderr => stderr,
        };
        with(lines, &mut |line, is_whole| {
            if budget.take(line.len()) {
                let text = String::from_utf8_lossy(line).into_owned();
                let kind = RecordKind::Printed {
                    stream,
                    text,
                    is_whole,
                };
                source.emit(output, kind);
            }
        });
    }
}

impl Drop for InvocationLog {
    /// Unfinished lines end with the invocation, also after a trap.
    fn drop(&mut self) {
        self.with_lines(OutputStream::Stdout, |lines, emit| lines.finish(emit));
        self.with_lines(OutputStream::Stderr, |lines, emit| lines.finish(emit));
        if let Some(Dropped { records, bytes }) = self.budget.dropped {
            let kind = RecordKind::Dropped {
                records,
                bytes,
                max_records: self.output.max_records,
                max_bytes: self.output.max_bytes,
            };
            self.source.emit(&self.output, kind);
        }
    }
}

impl RecordSource {
    /// Passes a record to the sink. A sink that panics does not fail the invocation. It does not abort the
    /// process either, if the log is dropped during a panic.
    fn emit(&self, output: &Output, kind: RecordKind) {
        let record = Record {
            function: Arc::clone(&self.function),
            invocation: self.invocation,
            request: self.request.clone(),
            kind,
        };
        let sink = &output.sink;
        if catch_unwind(AssertUnwindSafe(|| sink(record))).is_err() {
            let (function, invocation) = (&*self.function, self.invocation);
            tracing::error!(function, %invocation, "the output sink panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// The records of an invocation with these limits.
    fn shown(
        max_records: usize,
        max_bytes: usize,
        run: impl FnOnce(&mut InvocationLog),
    ) -> Vec<String> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let output = Output {
            sink: Arc::new(move |record| sink.lock().unwrap().push(record.kind)),
            min_level: None,
            max_records,
            max_bytes,
        };
        let mut log = InvocationLog::new(output, "f".into(), InvocationId::new(), None);
        run(&mut log);
        drop(log);
        let seen = seen.lock().unwrap();
        let show = |kind: &RecordKind| match kind {
            RecordKind::Printed { text, .. } => text.clone(),
            RecordKind::Logged { message, .. } => message.clone(),
            RecordKind::Dropped { records, bytes, .. } => format!("{records} of {bytes} bytes"),
        };
        seen.iter().map(show).collect()
    }

    fn log(log: &mut InvocationLog, message: &str) {
        let fields = vec![("k".into(), "v".into())];
        log.log(LogLevel::Info, "t".into(), message.into(), fields);
    }

    /// Output, log records and the host's own records about the invocation share one limit.
    #[test]
    fn records_are_limited() {
        let run = |log_of: &mut InvocationLog| {
            log_of.print(OutputStream::Stdout, b"one\n");
            log(log_of, "two");
            assert!(log_of.admit(5));
        };
        assert_eq!(shown(3, 100, run), ["one", "two"]);
        let beyond = |log_of: &mut InvocationLog| {
            run(log_of);
            log_of.print(OutputStream::Stderr, b"four\nfive");
            assert!(!log_of.admit(5));
        };
        assert_eq!(
            shown(4, 100, beyond),
            ["one", "two", "four", "2 of 9 bytes"]
        );
        assert_eq!(shown(3, 100, beyond), ["one", "two", "3 of 13 bytes"]);
        assert_eq!(
            shown(2, 100, |log| log.print(OutputStream::Stdout, b"\n\n")),
            ["", ""]
        );
        assert_eq!(
            shown(1, 100, |log| log.print(OutputStream::Stdout, b"\n\n")),
            ["", "1 of 0 bytes"]
        );
        assert_eq!(
            shown(0, 100, |log| log.print(OutputStream::Stdout, b"\n\n")),
            ["2 of 0 bytes"]
        );
    }

    /// Every text counts; after the first record over the limit all are dropped, however short.
    #[test]
    fn bytes_are_limited() {
        let run = |log_of: &mut InvocationLog| {
            log_of.print(OutputStream::Stdout, b"12345\n");
            log(log_of, "12");
        };
        assert_eq!(shown(9, 10, run), ["12345", "12"]);
        let beyond = |log_of: &mut InvocationLog| {
            run(log_of);
            log_of.print(OutputStream::Stdout, b"\n");
        };
        assert_eq!(shown(9, 10, beyond), ["12345", "12", ""]);
        assert_eq!(shown(9, 9, beyond), ["12345", "2 of 5 bytes"]);
    }

    /// A sink that panics fails neither the invocation nor, at its end, the process.
    #[test]
    fn panicking_sink_is_contained() {
        let output = Output {
            sink: Arc::new(|_| panic!("on purpose")),
            min_level: None,
            max_records: 9,
            max_bytes: 9,
        };
        let mut log = InvocationLog::new(output, "f".into(), InvocationId::new(), None);
        log.print(OutputStream::Stdout, b"one\ntwo");
    }
}
