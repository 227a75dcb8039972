//! Writes to the process's standard error from one thread, so that no other blocks on it.
//!
//! Lines wait in a bounded queue. If standard error is closed or nobody reads it, lines are dropped and a
//! later line counts them. Functions' records go here unless [`Builder::output_sink`] says otherwise; a
//! program that embeds the host can send its own lines the same way.
//!
//! [`Builder::output_sink`]: crate::Builder::output_sink

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::queue::{LineQueue, LineSource, QueueWriter};
use super::text::{HostText, JsonText};
use super::{Record, record_line};

pub use super::format::Format;

/// The pause before a write that would block is tried again. Only needed if another process with the
/// same standard error has made it non-blocking.
const RETRY: Duration = Duration::from_millis(5);

/// How long the process waits at its end for its last lines to be written.
pub const FLUSH: Duration = Duration::from_secs(1);

/// How long it waits while no line is written: a reader is then unlikely.
const STUCK: Duration = Duration::from_millis(200);

static QUEUE: LineQueue = LineQueue::new();

/// The format of the host's own lines; text unless set.
static FORMAT: OnceLock<Format> = OnceLock::new();

/// Sets the format of the host's own lines, once for the process.
pub fn set_format(format: Format) {
    // Later calls have no effect.
    let _ = FORMAT.set(format);
}

fn format() -> Format {
    FORMAT.get().copied().unwrap_or(Format::Text)
}

/// Returns a sink that writes records to the host's standard error without blocking. Dropping the sink
/// waits, up to [`FLUSH`], until they are written.
pub fn sink(format: Format) -> impl Fn(Record) + Send + Sync + 'static {
    let written = Flush::default();
    move |record| {
        written.is_due.store(true, Ordering::Relaxed);
        write_record(&record, format);
    }
}

/// Flushes standard error when dropped, if a record was written.
#[derive(Default)]
struct Flush {
    is_due: AtomicBool,
}

impl Drop for Flush {
    fn drop(&mut self) {
        if *self.is_due.get_mut() {
            flush(FLUSH);
        }
    }
}

impl Record {
    /// The record as a JSON object in one line, with its end, as `--log-format json` writes it.
    ///
    /// ```no_run
    /// let builder = host_harness::Harness::builder().output_sink(|record| {
    ///     print!("{}", record.to_json_line(std::time::SystemTime::now()));
    /// });
    /// ```
    #[must_use]
    pub fn to_json_line(&self, time: SystemTime) -> String {
        record_line(self, Format::Json, time)
    }
}

/// Queues a function's record.
fn write_record(record: &Record, format: Format) {
    push(
        LineSource::Function,
        &record_line(record, format, SystemTime::now()),
    );
}

/// Queues text of the host's own as it is, without a time or level.
pub fn write_plain(text: &str) {
    let text = HostText {
        text,
        has_colors: false,
    };
    push(LineSource::Host, &text.to_string());
}

/// Queues a notice for the person who started the host, whatever the log level. In text format it is
/// plain text; in JSON format it is a line of the log.
pub fn write_notice(message: &str) {
    match format() {
        Format::Text => write_plain(message),
        Format::Json => push(LineSource::Host, &host_line("WARN", message, None)),
    }
}

/// Queues an error of the host's own in the form of a `tracing` event.
pub fn write_error(message: &str) {
    push(LineSource::Host, &host_line("ERROR", message, None));
}

/// Waits until everything queued is written, at most `within`. Returns whether it is.
pub fn flush(within: Duration) -> bool {
    QUEUE.flush(within, STUCK)
}

/// Receives the formatted `tracing` events of the host.
#[derive(Debug, Clone, Copy)]
pub struct Lines {
    /// Whether events may contain escape sequences for colors.
    pub has_colors: bool,
}

impl io::Write for Lines {
    /// Queues one event. Never fails: `tracing` would write the error to standard error itself.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = match format() {
            Format::Text => {
                let has_colors = self.has_colors;
                let text = HostText {
                    text: &text,
                    has_colors,
                };
                text.to_string()
            }
            Format::Json => JsonText(&text).to_string(),
        };
        push(LineSource::Host, &line);
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn push(source: LineSource, line: &str) {
    if QUEUE.push(source, line.as_bytes()) {
        start_writer();
    }
}

/// Marks the writer as ended, also after a panic: the next line starts another.
struct WriterEnded;

impl Drop for WriterEnded {
    fn drop(&mut self) {
        QUEUE.writer_ended();
    }
}

fn start_writer() {
    let ended = WriterEnded;
    // If no thread can be started, the lines wait and the next one tries again.
    drop(
        std::thread::Builder::new()
            .name("functions-log".into())
            .spawn(move || {
                let _ended = ended;
                let mut writer = QueueWriter::new(write_waiting, loss_line);
                loop {
                    writer.write_next(&QUEUE);
                }
            }),
    );
}

/// Bypasses the lock of [`std::io::Stderr`], which other writers would wait for.
#[cfg(unix)]
fn write(bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::io::write(io::stderr(), bytes)?)
}

#[cfg(not(unix))]
fn write(bytes: &[u8]) -> io::Result<usize> {
    io::Write::write(&mut io::stderr(), bytes)
}

fn write_waiting(bytes: &[u8]) -> io::Result<usize> {
    loop {
        match write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(RETRY),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            written => return written,
        }
    }
}

fn loss_line(lost: u64) -> String {
    let message = format!("{lost} records dropped: standard error did not accept them in time");
    host_line("WARN", &message, Some(lost))
}

/// Formats a line as `tracing` would.
fn host_line(level: &str, message: &str, dropped: Option<u64>) -> String {
    let time = humantime::format_rfc3339_micros(SystemTime::now());
    let target = module_path!();
    match format() {
        Format::Text => {
            let text = format!("{time} {level:>5} {target}: {message}");
            let text = HostText {
                text: &text,
                has_colors: false,
            };
            text.to_string()
        }
        Format::Json => {
            let mut line = serde_json::json!({
                "timestamp": time.to_string(),
                "level": level,
                "message": message,
                "target": target,
            });
            if let (Some(dropped), Some(line)) = (dropped, line.as_object_mut()) {
                line.insert("dropped".into(), dropped.into());
            }
            JsonText(&line.to_string()).to_string()
        }
    }
}
