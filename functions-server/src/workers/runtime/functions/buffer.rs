//! `functions:bytes`: bodies, which are whole from the start, so that every replay reads the same pieces.

use bytes::Bytes;
use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::bindings::functions::bytes::bytes::{Chunk, Data, Error, Host, HostBuffer};
use crate::workers::runtime::state::InstanceState;

/// The most that one `read` copies into a guest, in bytes. Never changed: a replay gets the same pieces.
const MAX_READ: u32 = 1 << 20;

/// The `buffer` resource.
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
#[derive(Debug)]
pub struct Buffer {
    bytes: Bytes,
}

/// A pollable that is ready.
struct Ready;

#[async_trait]
impl Pollable for Ready {
    async fn ready(&mut self) {}
}

impl Host for InstanceState {}

impl HostBuffer for InstanceState {
    fn length(&mut self, buffer: Resource<Buffer>) -> Result<Option<u64>> {
        Ok(Some(self.table.get(&buffer)?.bytes.len() as u64))
    }

    fn read(
        &mut self,
        buffer: Resource<Buffer>,
        max: u32,
    ) -> Result<Result<Option<Vec<u8>>, Error>> {
        let bytes = &mut self.table.get_mut(&buffer)?.bytes;
        let length = bytes.len().min(max.clamp(1, MAX_READ) as usize);
        let piece = bytes.split_to(length);
        Ok(Ok((length > 0).then(|| piece.into())))
    }

    fn try_read(&mut self, buffer: Resource<Buffer>, max: u32) -> Result<Result<Chunk, Error>> {
        let read = self.read(buffer, max)?;
        Ok(read.map(|read| read.map_or(Chunk::End, Chunk::Bytes)))
    }

    fn subscribe(&mut self, _buffer: Resource<Buffer>) -> Result<Resource<DynPollable>> {
        let ready = self.table.push(Ready)?;
        subscribe(&mut self.table, ready)
    }

    fn into_bytes(
        &mut self,
        buffer: Resource<Buffer>,
        limit: Option<u64>,
    ) -> Result<Result<Vec<u8>, Error>> {
        let bytes = self.table.delete(buffer)?.bytes;
        Ok(match limit {
            Some(limit) if bytes.len() as u64 > limit => Err(Error::TooLarge(limit)),
            _ => Ok(bytes.into()),
        })
    }

    fn drop(&mut self, buffer: Resource<Buffer>) -> Result<()> {
        self.table.delete(buffer)?;
        Ok(())
    }
}

impl InstanceState {
    /// Gives the guest a body.
    pub(super) fn push_buffer(&mut self, bytes: Bytes) -> Result<Resource<Buffer>> {
        Ok(self.table.push(Buffer { bytes })?)
    }

    /// Takes a body that the guest sends.
    pub(super) fn take_body(&mut self, body: Option<Data>) -> Result<Bytes> {
        Ok(match body {
            None => Bytes::new(),
            Some(Data::Value(bytes)) => bytes.into(),
            Some(Data::Buffer(buffer)) => self.table.delete(buffer)?.bytes,
        })
    }
}
