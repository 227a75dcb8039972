//! `functions:web/response-stream`: responses whose head is sent before the body is complete.
//!
//! The bytes go through a [`Pipe`]. The task that polls the invocation learns of the response from
//! [`started`], sends the head, and keeps polling the invocation for the body.

use std::future::poll_fn;
use std::sync::Arc;

use wasmtime::StoreContextMut;
use wasmtime::component::{HasSelf, Linker, Resource, WasmList};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::bindings::functions::web::response_stream::{Error, Host, HostWriter, add_to_linker};
use super::bounded::HeaderList;
use super::{Interface, State};
use crate::invocation::poll_scope;
use crate::invocation::started::StartedResponse;
use crate::message::head::Head;
pub(crate) use crate::message::pipe::{End, Pipe};

/// The `writer` resource: a function's end of the pipe.
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub struct Writer {
    pipe: Arc<Pipe>,
}

/// The pollable's end. A table entry of its own instead of the writer's child, so that a function may
/// drop the two in any order.
struct Writable {
    pipe: Arc<Pipe>,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Writable {
    async fn ready(&mut self) {
        poll_fn(|cx| self.pipe.poll_room(cx)).await;
    }
}

/// `functions:web/response-stream@1.0.0`.
pub(super) const INTERFACE: Interface = Interface {
    name: "functions:web/response-stream@1.0.0",
    link,
};

fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    link_bounded(linker)
}

/// Replaces the generated functions: these check the headers, and the room for a chunk, before they
/// copy them.
fn link_bounded(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut stream = linker.instance("functions:web/response-stream@1.0.0")?;
    stream.func_wrap_async(
        "start",
        |mut store: StoreContextMut<'_, State>, (status, headers): (u16, HeaderList)| {
            Box::new(async move {
                let state = store.data_mut();
                state.check_time().await?;
                match headers.within(state.call.function.headers) {
                    Ok(headers) => Ok((state.start(status, headers)?,)),
                    Err(invalid) => Ok((Err(Error::Invalid(invalid.to_string())),)),
                }
            })
        },
    )?;
    stream.func_wrap_async(
        "[method]writer.write",
        |mut store: StoreContextMut<'_, State>,
         (writer, chunk): (Resource<Writer>, WasmList<u8>)| {
            Box::new(async move {
                let state = store.data_mut();
                state.check_time().await?;
                let pipe = Arc::clone(&state.table.get(&writer)?.pipe);
                poll_fn(|cx| pipe.poll_room(cx)).await;
                let chunk = chunk.as_le_slice(&store).to_vec();
                Ok((HostWriter::write(store.data_mut(), writer, chunk).await?,))
            })
        },
    )?;
    stream.func_wrap_async(
        "[method]writer.try-write",
        |mut store: StoreContextMut<'_, State>,
         (writer, chunk): (Resource<Writer>, WasmList<u8>)| {
            Box::new(async move {
                let state = store.data_mut();
                state.check_time().await?;
                if !state.table.get(&writer)?.pipe.has_room() {
                    return Ok((Ok(false),));
                }
                let chunk = chunk.as_le_slice(&store).to_vec();
                Ok((store.data_mut().try_write(writer, chunk)?,))
            })
        },
    )
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
        let head = match Head::new(status, headers, self.call.function.headers) {
            Ok(head) => head,
            Err(invalid) => return Ok(Err(Error::Invalid(invalid.0))),
        };
        let pipe = Arc::new(Pipe::new());
        let writer = self.table.push(Writer {
            pipe: Arc::clone(&pipe),
        })?;
        self.streaming = true;
        // The response has started: from here on the streaming deadline applies.
        self.call.deadline = self.call.stream_deadline;
        poll_scope::announce(Box::new(StartedResponse { head, pipe }));
        Ok(Ok(writer))
    }
}

/// No method returns `closed`: when a client leaves, the whole invocation is dropped.
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
