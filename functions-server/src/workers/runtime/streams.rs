//! Recorded permits to write, which depend on how fast somebody reads.

use wasmtime::component::{Linker, Resource};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi::p2::bindings::io::streams;
use wasmtime_wasi::p2::{DynOutputStream, StreamError};

use super::output::PERMIT;
use super::state::{InstanceState, diverged};
use crate::workers::journal::JournalEntry;

/// What the library registers its streams under.
const STREAMS: &str = "wasi:io/streams@0.2.12";

type Permit = (Result<u64, streams::StreamError>,);

pub(super) fn link(linker: &mut Linker<InstanceState>) -> Result<()> {
    linker.instance(STREAMS)?.func_wrap_async(
        "[method]output-stream.check-write",
        |store, (stream,): (Resource<DynOutputStream>,)| Box::new(check_write(store, stream)),
    )
}

async fn check_write(
    mut store: StoreContextMut<'_, InstanceState>,
    stream: Resource<DynOutputStream>,
) -> Result<Permit> {
    let state = store.data_mut();
    let output = state.table.get_mut(&stream)?;
    let permit = match output.check_write() {
        Ok(permit) => Some(permit as u64),
        Err(StreamError::Trap(error)) => return Err(error),
        Err(_) => None,
    };
    // What workers print is always taken, and no other stream has this permit.
    if permit == Some(PERMIT as u64) {
        return Ok((Ok(PERMIT as u64),));
    }
    if let Some(entry) = state.journal.next() {
        let JournalEntry::CheckWrite(permit) = entry else {
            return Err(diverged("output-stream.check-write", &entry).into());
        };
        if permit != Some(0) {
            output.ready().await;
        }
        return Ok((permit.ok_or(streams::StreamError::Closed),));
    }
    state.journal.add(&JournalEntry::CheckWrite(permit))?;
    Ok((permit.ok_or(streams::StreamError::Closed),))
}
