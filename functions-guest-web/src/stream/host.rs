//! `functions:web/response-stream`.

use functions_bytes::task::Wait;

use super::StreamError;
use crate::__private::bindings::functions::web::response_stream as wit;

/// The writer, and what waits for room in it.
#[derive(Debug)]
pub(crate) struct Writer {
    // Dropped first: another host than ours may make it the writer's child.
    room: Option<Wait>,
    writer: wit::Writer,
}

fn error(error: wit::Error) -> StreamError {
    match error {
        wit::Error::Started => StreamError::Started,
        wit::Error::Closed => StreamError::Closed,
        wit::Error::Invalid(what) => StreamError::Invalid(what),
        wit::Error::Other(what) => StreamError::Other(what),
    }
}

pub(crate) fn start(status: u16, headers: &[(String, Vec<u8>)]) -> Result<Writer, StreamError> {
    let writer = wit::start(status, headers).map_err(error)?;
    Ok(Writer { room: None, writer })
}

impl Writer {
    pub(crate) fn write(&self, chunk: &[u8]) -> Result<(), StreamError> {
        self.writer.write(chunk).map_err(error)
    }

    /// Writes when there is room, and lets others run until there is.
    pub(crate) async fn write_async(&mut self, chunk: &[u8]) -> Result<(), StreamError> {
        while !self.writer.try_write(chunk).map_err(error)? {
            self.room
                .get_or_insert_with(|| Wait::new(self.writer.subscribe()))
                .await;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<(), StreamError> {
        drop(self.room);
        wit::Writer::finish(self.writer).map_err(error)
    }
}
