//! Streams of files.

use std::sync::Arc;

use bytes::Bytes;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

use super::{MAX_PART, convert};
use crate::command::{FileError, ReadOnlyFile, TemporaryFile};

/// What a stream reads.
#[derive(Debug)]
pub(super) enum Source {
    ReadOnly(ReadOnlyFile),
    Temporary(Arc<TemporaryFile>),
}

/// How much is read ahead of a file that is not in memory: every stream may hold as much.
const READ_AHEAD: usize = 16 * 1024;

/// Reads a file from a place on.
#[derive(Debug)]
pub(super) struct Reader {
    source: Source,
    at: u64,
    /// What was read ahead, if it is not the end.
    ahead: Option<std::io::Result<Bytes>>,
}

impl Reader {
    pub(super) fn new(source: Source, at: u64) -> Self {
        let ahead = None;
        Self { source, at, ahead }
    }

    /// Reads without waiting, if that is possible.
    fn at_once(&self, size: usize) -> Option<Bytes> {
        match &self.source {
            Source::ReadOnly(file) => file.in_memory(self.at, size),
            Source::Temporary(file) => Some(file.read(self.at, size).into()),
        }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Reader {
    async fn ready(&mut self) {
        if self.ahead.is_none()
            && self.at_once(0).is_none()
            && let Source::ReadOnly(file) = &self.source
        {
            self.ahead = Some(file.read(self.at, READ_AHEAD).await);
        }
    }
}

impl InputStream for Reader {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        let size = size.min(MAX_PART);
        if size == 0 {
            return Ok(Bytes::new());
        }
        let bytes = match (self.at_once(size), self.ahead.take()) {
            (Some(bytes), _) => bytes,
            // Not ready.
            (None, None) => return Ok(Bytes::new()),
            (None, Some(Err(error))) => return Err(StreamError::LastOperationFailed(error.into())),
            (None, Some(Ok(mut ahead))) => {
                let bytes = ahead.split_to(size.min(ahead.len()));
                self.ahead = (!ahead.is_empty()).then_some(Ok(ahead));
                bytes
            }
        };
        if bytes.is_empty() {
            return Err(StreamError::Closed);
        }
        self.at += bytes.len() as u64;
        Ok(bytes)
    }
}

/// Writes a file from a place on, or at its end.
#[derive(Debug)]
pub(super) struct FileWriter {
    pub(super) file: Arc<TemporaryFile>,
    pub(super) at: Option<u64>,
}

#[wasmtime_wasi::async_trait]
impl Pollable for FileWriter {
    async fn ready(&mut self) {}
}

impl OutputStream for FileWriter {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let written = self.file.write(self.at, &bytes);
        written.map_err(|error: FileError| {
            StreamError::LastOperationFailed(convert::code(error).into())
        })?;
        self.at = self.at.map(|at| at + bytes.len() as u64);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_PART)
    }
}
