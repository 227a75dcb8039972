//! The `pending` resource: a request under way in a task of its own.

use std::sync::Arc;

use tokio::sync::{oneshot, watch};
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

use super::bindings::functions::http::client::{Error, HostPending, Response};
use super::exchange::{Received, exchange};
use super::outgoing::Outgoing;
use crate::interfaces::State;
use crate::interfaces::environment::Call;

/// How many requests one invocation may have under way at once; each is a task and a connection.
pub(super) const MAX_PENDING: usize = 64;

/// A response that is on its way.
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub struct Pending {
    result: oneshot::Receiver<Result<Received, Error>>,
    /// Closed when there is a result, or never going to be one.
    ended: watch::Receiver<()>,
    /// Goes with this, and the request with it.
    _task: Option<AbortOnDropJoinHandle<()>>,
}

impl Pending {
    pub(super) fn start(call: &Call, request: Outgoing) -> Self {
        let (sender, result) = oneshot::channel();
        let (end, ended) = watch::channel(());
        let function = Arc::clone(&call.function);
        let task = spawn(async move {
            let received = exchange(&function.outbound, request).await;
            // Who no longer wants it has dropped the pending.
            let _ = sender.send(received);
            drop(end);
        });
        Self {
            result,
            ended,
            _task: Some(task),
        }
    }

    /// One that has failed before it began.
    pub(super) fn failed(error: Error) -> Self {
        let (sender, result) = oneshot::channel();
        let _ = sender.send(Err(error));
        Self {
            result,
            ended: watch::channel(()).1,
            _task: None,
        }
    }
}

/// What a pollable watches. An entry of its own rather than the pending's child, so that a function
/// may drop the two in any order.
struct Ended(watch::Receiver<()>);

#[wasmtime_wasi::async_trait]
impl Pollable for Ended {
    async fn ready(&mut self) {
        // Nothing is ever sent: this waits for the end.
        while self.0.changed().await.is_ok() {}
    }
}

impl State {
    fn take(&mut self, pending: Resource<Pending>) -> wasmtime::Result<Pending> {
        let pending = self.table.delete(pending)?;
        self.pendings = self.pendings.saturating_sub(1);
        Ok(pending)
    }
}

impl HostPending for State {
    fn subscribe(&mut self, pending: Resource<Pending>) -> wasmtime::Result<Resource<DynPollable>> {
        let ended = Ended(self.table.get(&pending)?.ended.clone());
        let ended = self.table.push(ended)?;
        subscribe(&mut self.table, ended)
    }

    async fn get(
        &mut self,
        pending: Resource<Pending>,
    ) -> wasmtime::Result<Result<Response, Error>> {
        let mut pending = self.take(pending)?;
        let received = (&mut pending.result).await;
        self.response(received.unwrap_or_else(|_| Err(gone())))
    }

    fn try_get(
        &mut self,
        this: Resource<Pending>,
    ) -> wasmtime::Result<Result<Result<Response, Error>, Resource<Pending>>> {
        let received = match self.table.get_mut(&this)?.result.try_recv() {
            Ok(received) => received,
            Err(oneshot::error::TryRecvError::Empty) => return Ok(Err(this)),
            Err(oneshot::error::TryRecvError::Closed) => Err(gone()),
        };
        drop(self.take(this)?);
        self.response(received).map(Ok)
    }

    fn drop(&mut self, pending: Resource<Pending>) -> wasmtime::Result<()> {
        self.take(pending).map(drop)
    }
}

/// The task ended without a result, which only a mistake of the host's can bring about.
fn gone() -> Error {
    Error::Other("the host gave the request up".into())
}
