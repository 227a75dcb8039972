//! WASI 0.2 for functions that use more of std than the contract offers.
//!
//! A function gets clocks, random numbers, its variables as environment variables, and output that
//! goes to the log; no file, no socket, no input.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::State;
use super::environment::Call;
use super::output::Printed;
use crate::telemetry::{Lines, OutputStream};

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let ctx = self
            .wasi
            .get_or_insert_with(|| Box::new(context(&self.call, &mut self.printed)));
        WasiCtxView {
            ctx,
            table: &mut self.table,
        }
    }
}

fn context(call: &Call, printed: &mut Printed) -> WasiCtx {
    let mut output = |stream| Output {
        lines: Arc::clone(printed.lines(call, stream)),
    };
    WasiCtx::builder()
        .args(&[call.function.name.as_ref()])
        .envs(&call.function.variables)
        .stdout(output(OutputStream::Stdout))
        .stderr(output(OutputStream::Stderr))
        .build()
}

/// One of a function's output streams. A function may open it as often as it likes: it is the same.
#[derive(Clone)]
struct Output {
    lines: Arc<Mutex<Lines>>,
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    // Written at once rather than by a task: nothing is lost when the function traps.
    fn p2_stream(&self) -> Box<dyn wasmtime_wasi::p2::OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl wasmtime_wasi::p2::Pollable for Output {
    async fn ready(&mut self) {}
}

impl wasmtime_wasi::p2::OutputStream for Output {
    fn write(&mut self, bytes: bytes::Bytes) -> wasmtime_wasi::p2::StreamResult<()> {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> wasmtime_wasi::p2::StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> wasmtime_wasi::p2::StreamResult<usize> {
        Ok(64 * 1024)
    }
}

impl AsyncWrite for Output {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
