//! WASI 0.2, for functions that use more of std than the contract offers.
//!
//! A function gets clocks, random numbers, its variables as environment variables, and output that
//! goes to the log. Files, sockets and standard input are not available. Commands also have arguments and files: see
//! `files`.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceTable, WasmList};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::bindings::io::poll;
use wasmtime_wasi::p2::bindings::io::streams::{self, HostOutputStream};
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::ResolveAddressStream;
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;
use wasmtime_wasi::p2::{DynOutputStream, DynPollable, Network, StreamError};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::bounded::Text;
use super::shared_log::SharedLog;
use super::state::CommandRun;
use super::{MAX_ENTRIES, State};
use crate::command::{CapturedOutput, OutputTooLong};
use crate::invocation::Invocation;
use crate::telemetry::{InvocationLog, OutputStream};

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let command = self.command.as_deref();
        let ctx = self
            .wasi
            .get_or_insert_with(|| Box::new(context(&self.call, &mut self.log, command)));
        WasiCtxView {
            ctx,
            table: &mut self.table,
        }
    }
}

fn context(call: &Invocation, log: &mut SharedLog, command: Option<&CommandRun>) -> WasiCtx {
    let mut output = |stream, captured| OutputWriter {
        log: Arc::clone(log.of(call)),
        stream,
        captured,
    };
    let captured = command.map(|command| command.output.clone());
    let mut builder = WasiCtx::builder();
    builder
        .envs(&call.function.variables)
        .stdout(output(OutputStream::Stdout, captured))
        .stderr(output(OutputStream::Stderr, None))
        .max_random_size(MAX_RANDOM);
    match command {
        None => builder.args(&[call.function.name.as_ref()]),
        Some(command) => builder.args(&command.arguments).envs(&command.variables),
    };
    builder.build()
}

/// How many random bytes one call may get: more would delay other invocations.
const MAX_RANDOM: u64 = 1 << 20;

/// How many bytes a stream takes in one write.
const MAX_WRITE: usize = 64 * 1024;

/// Replaces functions of WASI that copy all parameters first, or work long without checking the time.
pub(super) fn link_bounded(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut streams = linker.instance("wasi:io/streams@0.2.12")?;
    streams.func_wrap_async(
        "[method]output-stream.write",
        |mut store: StoreContextMut<'_, State>,
         (stream, bytes): (Resource<DynOutputStream>, WasmList<u8>)| {
            Box::new(async move {
                store.data_mut().check_time().await?;
                wasmtime::ensure!(
                    bytes.len() <= MAX_WRITE,
                    "a write of more bytes than `check-write` allows"
                );
                let bytes = bytes.as_le_slice(&store).to_vec();
                let table = &mut store.data_mut().table;
                let written = HostOutputStream::write(table, stream, bytes);
                Ok((streamed(table, written)?,))
            })
        },
    )?;
    streams.func_wrap_async(
        "[method]output-stream.write-zeroes",
        |mut store: StoreContextMut<'_, State>,
         (stream, length): (Resource<DynOutputStream>, u64)| {
            Box::new(async move {
                store.data_mut().check_time().await?;
                let table = &mut store.data_mut().table;
                let written = HostOutputStream::write_zeroes(table, stream, length);
                Ok((streamed(table, written)?,))
            })
        },
    )?;
    let mut poll = linker.instance("wasi:io/poll@0.2.12")?;
    poll.func_wrap_async(
        "poll",
        |mut store: StoreContextMut<'_, State>, (list,): (WasmList<Resource<DynPollable>>,)| {
            Box::new(async move {
                store.data_mut().check_time().await?;
                wasmtime::ensure!(
                    list.len() <= MAX_ENTRIES,
                    "a poll of more pollables than an invocation may hold"
                );
                let pollables = list.iter(&mut store)?.collect::<Result<Vec<_>, _>>()?;
                Ok((poll::Host::poll(&mut store.data_mut().table, pollables).await?,))
            })
        },
    )?;
    let mut names = linker.instance("wasi:sockets/ip-name-lookup@0.2.12")?;
    names.func_wrap_async(
        "resolve-addresses",
        |mut store: StoreContextMut<'_, State>, _: (Resource<Network>, Text)| {
            Box::new(async move {
                store.data_mut().check_time().await?;
                // Functions have no access to sockets.
                Ok((Err::<Resource<ResolveAddressStream>, _>(
                    ErrorCode::AccessDenied,
                ),))
            })
        },
    )
}

/// Converts a stream's result for the function.
fn streamed(
    table: &mut ResourceTable,
    result: Result<(), StreamError>,
) -> wasmtime::Result<Result<(), streams::StreamError>> {
    match result {
        Ok(()) => Ok(Ok(())),
        Err(error) => streams::Host::convert_stream_error(table, error).map(Err),
    }
}

/// A function's output stream. All handles of it share the log.
#[derive(Clone)]
struct OutputWriter {
    log: Arc<Mutex<InvocationLog>>,
    stream: OutputStream,
    /// Gets the output of a command too.
    captured: Option<CapturedOutput>,
}

impl OutputWriter {
    fn print(&self, bytes: &[u8]) -> Result<(), OutputTooLong> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.print(self.stream, bytes);
        match &self.captured {
            Some(captured) => captured.print(bytes),
            None => Ok(()),
        }
    }
}

impl IsTerminal for OutputWriter {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for OutputWriter {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    // Written synchronously instead of by a task, so that a trap loses nothing.
    fn p2_stream(&self) -> Box<dyn wasmtime_wasi::p2::OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl wasmtime_wasi::p2::Pollable for OutputWriter {
    async fn ready(&mut self) {}
}

impl wasmtime_wasi::p2::OutputStream for OutputWriter {
    fn write(&mut self, bytes: bytes::Bytes) -> wasmtime_wasi::p2::StreamResult<()> {
        // Ends the command, which would otherwise end well, with half of its result.
        self.print(&bytes)
            .map_err(|too_long| wasmtime_wasi::p2::StreamError::Trap(too_long.into()))
    }

    fn flush(&mut self) -> wasmtime_wasi::p2::StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> wasmtime_wasi::p2::StreamResult<usize> {
        Ok(MAX_WRITE)
    }
}

impl AsyncWrite for OutputWriter {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let printed = self.print(bytes).map_err(io::Error::other);
        Poll::Ready(printed.map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
