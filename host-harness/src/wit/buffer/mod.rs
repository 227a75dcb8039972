//! `functions:bytes`: bodies as functions see them.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use wasmtime::StoreContextMut;
use wasmtime::component::{HasSelf, Linker, Resource};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::bindings::functions::bytes::bytes::{
    Chunk, Data, Error, Host, HostBuffer, add_to_linker,
};
use super::{Interface, State};
use crate::message::body::{Body, Incomplete};

/// The most that one `read` copies into a function, in bytes.
const MAX_READ: u32 = 1024 * 1024;

/// The `buffer` resource: a body, which pollables may share.
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub struct Buffer {
    shared: SharedBody,
}

enum SharedBody {
    Own(Body),
    /// `None` once the body was taken: pollables may outlive their buffer.
    Polled(Arc<Mutex<Option<Body>>>),
}

impl Buffer {
    pub(crate) fn new(body: Body) -> Self {
        Self {
            shared: SharedBody::Own(body),
        }
    }

    pub(crate) fn into_body(self) -> Body {
        match self.shared {
            SharedBody::Own(body) => body,
            SharedBody::Polled(body) => {
                let taken = body.lock().unwrap_or_else(PoisonError::into_inner).take();
                taken.unwrap_or_else(Body::empty)
            }
        }
    }

    fn with<T>(&mut self, run: impl FnOnce(&mut Body) -> T) -> Option<T> {
        match &mut self.shared {
            SharedBody::Own(body) => Some(run(body)),
            SharedBody::Polled(body) => body
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .as_mut()
                .map(run),
        }
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Incomplete>> {
        self.with(|body| body.poll_fill(cx))
            .unwrap_or(Poll::Ready(Ok(())))
    }

    fn take(&mut self, max: u32) -> Bytes {
        let max = max.clamp(1, MAX_READ) as usize;
        self.with(|body| body.take(max)).unwrap_or_default()
    }

    /// Shares the body with a pollable.
    fn watch(&mut self) -> Readable {
        let body = match std::mem::replace(&mut self.shared, SharedBody::Own(Body::empty())) {
            SharedBody::Own(body) => Arc::new(Mutex::new(Some(body))),
            SharedBody::Polled(body) => body,
        };
        self.shared = SharedBody::Polled(Arc::clone(&body));
        Readable { body }
    }
}

/// The pollable's end. A table entry of its own instead of the buffer's child, so that a function may
/// drop the two in any order.
struct Readable {
    body: Arc<Mutex<Option<Body>>>,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Readable {
    async fn ready(&mut self) {
        poll_fn(
            |cx| match &mut *self.body.lock().unwrap_or_else(PoisonError::into_inner) {
                Some(body) => body.poll_fill(cx).map(drop),
                None => Poll::Ready(()),
            },
        )
        .await;
    }
}

/// `functions:bytes/bytes@1.0.0`.
pub(super) const INTERFACE: Interface = Interface {
    name: "functions:bytes/bytes@1.0.0",
    link,
};

fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    link_without_copies(linker)
}

/// Replaces two generated functions, which return `Vec`s. Bytes that hyper has read would be copied
/// into those first; here they are copied straight into the function.
fn link_without_copies(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut bytes = linker.instance("functions:bytes/bytes@1.0.0")?;
    bytes.func_wrap_async(
        "[method]buffer.read",
        |mut store: StoreContextMut<'_, State>, (buffer, max): (Resource<Buffer>, u32)| {
            Box::new(async move {
                let state = store.data_mut();
                state.check_time().await?;
                Ok((state.read_bytes(buffer, max).await?,))
            })
        },
    )?;
    bytes.func_wrap_async(
        "[static]buffer.into-bytes",
        |mut store: StoreContextMut<'_, State>,
         (buffer, limit): (Resource<Buffer>, Option<u64>)| {
            Box::new(async move {
                let state = store.data_mut();
                state.check_time().await?;
                Ok((state.collect_bytes(buffer, limit).await?,))
            })
        },
    )?;
    Ok(())
}

impl State {
    async fn read_bytes(
        &mut self,
        buffer: Resource<Buffer>,
        max: u32,
    ) -> wasmtime::Result<Result<Option<Bytes>, Error>> {
        let buffer = self.table.get_mut(&buffer)?;
        if poll_fn(|cx| buffer.poll_fill(cx)).await.is_err() {
            return Ok(Err(Error::Closed));
        }
        let bytes = buffer.take(max);
        Ok(Ok((!bytes.is_empty()).then_some(bytes)))
    }

    /// Drops a body that is not used.
    pub(super) fn drop_data(&mut self, data: Option<Data>) -> wasmtime::Result<()> {
        if let Some(Data::Buffer(buffer)) = data {
            self.table.delete(buffer)?;
        }
        Ok(())
    }

    async fn collect_bytes(
        &mut self,
        buffer: Resource<Buffer>,
        limit: Option<u64>,
    ) -> wasmtime::Result<Result<Bytes, Error>> {
        let body = self.table.delete(buffer)?.into_body();
        // A function cannot hold more than its memory limit, so the host does not collect more.
        let max = self.memory.max() as u64;
        Ok(collect(body, limit.map_or(max, |limit| limit.min(max))).await)
    }
}

impl Host for State {}

impl HostBuffer for State {
    fn length(&mut self, buffer: Resource<Buffer>) -> wasmtime::Result<Option<u64>> {
        let buffer = self.table.get_mut(&buffer)?;
        Ok(buffer.with(|body| body.len()).flatten())
    }

    async fn read(
        &mut self,
        buffer: Resource<Buffer>,
        max: u32,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        let read = self.read_bytes(buffer, max).await?;
        Ok(read.map(|bytes| bytes.map(Vec::from)))
    }

    fn try_read(
        &mut self,
        buffer: Resource<Buffer>,
        max: u32,
    ) -> wasmtime::Result<Result<Chunk, Error>> {
        let buffer = self.table.get_mut(&buffer)?;
        // No waker: a function that wants to be woken subscribes.
        let mut cx = Context::from_waker(std::task::Waker::noop());
        Ok(match buffer.poll_fill(&mut cx) {
            Poll::Pending => Ok(Chunk::Later),
            Poll::Ready(Err(Incomplete)) => Err(Error::Closed),
            Poll::Ready(Ok(())) => match buffer.take(max) {
                bytes if bytes.is_empty() => Ok(Chunk::End),
                bytes => Ok(Chunk::Bytes(Vec::from(bytes))),
            },
        })
    }

    fn subscribe(&mut self, buffer: Resource<Buffer>) -> wasmtime::Result<Resource<DynPollable>> {
        let readable = self.table.get_mut(&buffer)?.watch();
        let readable = self.table.push(readable)?;
        subscribe(&mut self.table, readable)
    }

    async fn into_bytes(
        &mut self,
        buffer: Resource<Buffer>,
        limit: Option<u64>,
    ) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        Ok(self.collect_bytes(buffer, limit).await?.map(Vec::from))
    }

    fn drop(&mut self, buffer: Resource<Buffer>) -> wasmtime::Result<()> {
        self.table.delete(buffer)?;
        Ok(())
    }
}

/// Collects a body, in one allocation if its length is known.
async fn collect(mut body: Body, limit: u64) -> Result<Bytes, Error> {
    let expected = body.len();
    if expected.is_some_and(|length| length > limit) {
        return Err(Error::TooLarge(limit));
    }
    let mut whole = BytesMut::new();
    loop {
        poll_fn(|cx| body.poll_fill(cx))
            .await
            .map_err(|Incomplete| Error::Closed)?;
        let bytes = body.take_all();
        if bytes.is_empty() {
            return Ok(whole.freeze());
        }
        if whole.len() as u64 + bytes.len() as u64 > limit {
            return Err(Error::TooLarge(limit));
        }
        if whole.is_empty() && http_body::Body::is_end_stream(&body) {
            // The body is a single chunk.
            return Ok(bytes);
        }
        if whole.is_empty() {
            // Bounded by the limit above, whatever length the sender declares.
            whole.reserve(usize::try_from(expected.unwrap_or(0)).unwrap_or(0));
        }
        whole.extend_from_slice(&bytes);
    }
}

#[cfg(test)]
mod tests;
