//! Reads a body in every way.

use functions_bytes::__private::bindings::functions::bytes::bytes::{Buffer, Chunk, Data};
use functions_guest_web::__private::bindings::exports::functions::web::handler::Reply;

use crate::{number, reply, text};

/// Reads the whole body, up to the limit in the query; answers with the body or the error.
pub(crate) fn collect(request: Buffer) -> Reply {
    let limit = Some(number()).filter(|limit| *limit > 0);
    match Buffer::into_bytes(request, limit) {
        Ok(bytes) => reply(200, Vec::new(), Data::Value(bytes)),
        Err(error) => text(&format!("{error:?}")),
    }
}

/// Reads the whole body, and answers with its length, so that only reading takes time.
pub(crate) fn length(request: Buffer) -> Reply {
    let length = Buffer::into_bytes(request, None).map_or(0, |bytes| bytes.len());
    text(&length.to_string())
}

/// Reads chunks of at most the length in the query; answers with the number of bytes and the longest
/// chunk.
pub(crate) fn chunks(request: &Buffer) -> Reply {
    let max = u32::try_from(number()).unwrap_or(u32::MAX);
    let (mut total, mut longest) = (0, 0);
    loop {
        match request.read(max) {
            Ok(Some(chunk)) => {
                total += chunk.len();
                longest = longest.max(chunk.len());
            }
            Ok(None) => return text(&format!("{total} bytes, at most {longest} at once")),
            Err(error) => return text(&format!("{error:?} after {total} bytes")),
        }
    }
}

/// Reads without waiting in `read`, with one pollable throughout, and drops the pollable after the
/// buffer.
pub(crate) fn poll(request: Buffer) -> Reply {
    let pollable = request.subscribe();
    let mut total = 0;
    loop {
        match request.try_read(u32::MAX) {
            Ok(Chunk::Bytes(bytes)) => total += bytes.len(),
            Ok(Chunk::Later) => pollable.block(),
            Ok(Chunk::End) => break,
            Err(error) => return text(&format!("{error:?} after {total} bytes")),
        }
    }
    drop(request);
    let ready = pollable.ready();
    text(&format!("{total} bytes, ready {ready}"))
}
