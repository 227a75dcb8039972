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

/// The longest line that is logged in one piece, in bytes.
const MAX_LINE: usize = 8 << 10;

/// How much of the last output explains a trap, in bytes.
const MAX_TAIL: usize = 4 << 10;

/// One of the two outputs of a worker. What was printed before the worker was loaded is not logged again.
#[derive(Clone)]
pub(crate) struct Output {
    worker: Arc<str>,
    name: &'static str,
    journal: Arc<Journal>,
    text: Arc<Mutex<Text>>,
}

#[derive(Default)]
struct Text {
    line: Vec<u8>,
    tail: Vec<u8>,
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
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            text.line.extend_from_slice(piece);
            if !piece.ends_with(b"\n") && text.line.len() < MAX_LINE {
                continue;
            }
            let line = std::mem::take(&mut text.line);
            if !is_replaying {
                let line = String::from_utf8_lossy(&line);
                let line = line.trim_end_matches(['\n', '\r']);
                tracing::info!(worker = %self.worker, output = self.name, "{line:?}");
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
