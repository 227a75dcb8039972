//! `functions:web/response-stream`: responses that begin before they are whole.
//!
//! The bytes go through a [`Pipe`]. Whoever polls the invocation learns from [`begun`] that there
//! is one, sends the head, and goes on polling the invocation for the body.

pub(crate) mod begun;
mod pipe;

use std::future::poll_fn;
use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::State;
use super::bindings::functions::web::response_stream::{Error, Host, HostWriter};
use super::head::Head;
use begun::Begun;
pub(crate) use pipe::{End, Pipe};

/// The `writer` resource: a function's end of the pipe.
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub struct Writer {
    pipe: Arc<Pipe>,
}

/// What a pollable watches. An entry of its own rather than the writer's child, so that a function
/// may drop the two in any order.
struct Writable {
    pipe: Arc<Pipe>,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Writable {
    async fn ready(&mut self) {
        poll_fn(|cx| self.pipe.poll_room(cx)).await;
    }
}

impl Host for State {
    fn start(
        &mut self,
        status: u16,
        headers: Vec<(String, Vec<u8>)>,
    ) -> wasmtime::Result<Result<Resource<Writer>, Error>> {
        if self.streaming {
            return Ok(Err(Error::Started));
        }
        let head = match Head::new(status, headers) {
            Ok(head) => head,
            Err(invalid) => return Ok(Err(Error::Invalid(invalid.0))),
        };
        let pipe = Arc::new(Pipe::new());
        let writer = self.table.push(Writer {
            pipe: Arc::clone(&pipe),
        })?;
        self.streaming = true;
        // It has begun to answer: from here on another limit holds.
        self.call.deadline = self.call.stream_deadline;
        begun::announce(Begun { head, pipe });
        Ok(Ok(writer))
    }
}

/// No method says `closed`: a client that goes away takes the invocation with it, whether that
/// waits for room or for anything else.
impl HostWriter for State {
    async fn write(
        &mut self,
        writer: Resource<Writer>,
        chunk: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let pipe = &self.table.get(&writer)?.pipe;
        poll_fn(|cx| pipe.poll_room(cx)).await;
        pipe.push(chunk);
        Ok(Ok(()))
    }

    fn try_write(
        &mut self,
        writer: Resource<Writer>,
        chunk: Vec<u8>,
    ) -> wasmtime::Result<Result<bool, Error>> {
        let pipe = &self.table.get(&writer)?.pipe;
        let room = pipe.has_room();
        if room {
            pipe.push(chunk);
        }
        Ok(Ok(room))
    }

    fn subscribe(&mut self, writer: Resource<Writer>) -> wasmtime::Result<Resource<DynPollable>> {
        let pipe = Arc::clone(&self.table.get(&writer)?.pipe);
        let writable = self.table.push(Writable { pipe })?;
        subscribe(&mut self.table, writable)
    }

    fn finish(&mut self, writer: Resource<Writer>) -> wasmtime::Result<Result<(), Error>> {
        self.table.delete(writer)?.pipe.end(End::Finished);
        Ok(Ok(()))
    }

    fn drop(&mut self, writer: Resource<Writer>) -> wasmtime::Result<()> {
        self.table.delete(writer)?.pipe.end(End::Cut);
        Ok(())
    }
}
