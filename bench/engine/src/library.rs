//! The host as a library: `Harness::handle`, a whole invocation without socket and HTTP.

use std::path::Path;

use bytes::Bytes;
use host_harness::{Builder, Harness};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use wasmtime::ensure;

use crate::rounds;

/// A host with one function.
#[derive(Clone)]
pub(crate) struct Library {
    harness: Harness,
}

impl Library {
    pub(crate) fn new(wasm: &Path, concurrency: u32) -> wasmtime::Result<Self> {
        Self::with(wasm, |builder| builder.concurrency(concurrency, 0))
    }

    /// A host with the minimum number of slots. Callgrind has no more than 60 GiB of address space; with more
    /// slots the host would fall back to wasmtime's pool.
    fn small(wasm: &Path) -> wasmtime::Result<Self> {
        Self::with(wasm, |builder| builder.concurrency(1, 0).depth(0))
    }

    /// A host that creates an instance for each request.
    pub(crate) fn that_makes_all(wasm: &Path) -> wasmtime::Result<Self> {
        Self::with(wasm, |builder| builder.idle_instances(0))
    }

    fn with(wasm: &Path, limits: impl FnOnce(Builder) -> Builder) -> wasmtime::Result<Self> {
        let harness = limits(Harness::builder().function("f", wasm)).build()?;
        Ok(Self { harness })
    }

    pub(crate) async fn invoke(&mut self, times: u32) -> wasmtime::Result<()> {
        let nothing = Bytes::new();
        self.send(&nothing, times).await
    }

    async fn send(&self, body: &Bytes, times: u32) -> wasmtime::Result<()> {
        for _ in 0..times {
            let request = Request::post("/f").body(Full::new(body.clone()))?;
            let response = self.harness.handle(request).await;
            ensure!(response.status() == 200, "{}", response.status());
            let answer = response.into_body().collect().await;
            std::hint::black_box(answer.map_err(|error| wasmtime::format_err!("{error}"))?);
        }
        Ok(())
    }
}

/// Sends the same request `times` times.
pub(crate) fn repeat(wasm: &Path, body: &Bytes, times: u32) -> wasmtime::Result<()> {
    let library = Library::small(wasm)?;
    rounds::runtime()?.block_on(library.send(body, times))
}
