//! What workers print.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::io::{AsyncWrite, sink};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::workers::journal::Journal;

/// How many bytes a guest may write at once. Always the same, so that nothing needs to be recorded, and an odd
/// number that no other stream has.
pub(super) const PERMIT: usize = (64 << 10) - 1;

/// What the log calls workers' output.
const LOG: &str = "worker";

/// The longest line that is logged in one piece, in bytes.
const MAX_LINE: usize = 8 << 10;

/// How much of what one invocation prints to one output is logged, in bytes and in lines.
const MAX_LOGGED: usize = 1 << 20;
const MAX_LINES: usize = 10_000;

/// How much of the last output explains a trap, in bytes.
const MAX_TAIL: usize = 4 << 10;

/// One of the two outputs of a worker. What was printed before the worker was loaded is not logged again.
#[derive(Clone)]
pub(crate) struct Output {
    worker: Arc<str>,
    name: &'static str,
    journal: Arc<Journal>,
    text: Arc<Mutex<OutputBuffer>>,
}

#[derive(Default)]
struct OutputBuffer {
    line: Vec<u8>,
    tail: Vec<u8>,
    /// What the invocation has printed, whether it was logged or not.
    bytes: usize,
    lines: usize,
}

impl OutputBuffer {
    /// Counts a line: whether it is logged, and whether it is the first one that is not.
    fn count(&mut self, line: &[u8]) -> (bool, bool) {
        let was_within = self.is_within();
        self.bytes = self.bytes.saturating_add(line.len());
        self.lines = self.lines.saturating_add(1);
        (self.is_within(), was_within && !self.is_within())
    }

    fn is_within(&self) -> bool {
        self.bytes <= MAX_LOGGED && self.lines <= MAX_LINES
    }
}

impl Output {
    pub(crate) fn new(worker: Arc<str>, name: &'static str, journal: Arc<Journal>) -> Self {
        Self {
            worker,
            name,
            journal,
            text: Arc::default(),
        }
    }

    /// An invocation begins, which may print as much as any.
    pub(super) fn begin(&self) {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        (text.bytes, text.lines) = (0, 0);
    }

    /// The end of what was printed since the last call.
    pub(crate) fn take_tail(&self) -> String {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&std::mem::take(&mut text.tail)).into_owned()
    }

    pub(super) fn print(&self, bytes: &[u8]) {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.tail.extend_from_slice(bytes);
        let excess = text.tail.len().saturating_sub(MAX_TAIL);
        text.tail.drain(..excess);
        let is_replaying = self.journal.is_replaying();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        for piece in lines.flat_map(|line| line.chunks(MAX_LINE)) {
            text.line.extend_from_slice(piece);
            if !piece.ends_with(b"\n") && text.line.len() < MAX_LINE {
                continue;
            }
            let line = std::mem::take(&mut text.line);
            if is_replaying {
                continue;
            }
            let (is_logged, is_over) = text.count(&line);
            if is_logged {
                let line = String::from_utf8_lossy(&line);
                let line = line.trim_end_matches(['\n', '\r']);
                tracing::info!(target: LOG, worker = %self.worker, output = self.name, "{line:?}");
            } else if is_over {
                let (worker, output) = (&self.worker, self.name);
                tracing::warn!(
                    target: LOG, %worker, output,
                    "the invocation prints more than {MAX_LOGGED} bytes or {MAX_LINES} lines: the rest is not logged"
                );
            }
        }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.print(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}
