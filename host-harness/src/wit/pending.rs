//! A result in flight: the implementation of every `pending` resource.

use tokio::sync::{oneshot, watch};
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

use super::State;
use crate::message::in_flight::Cancel;

/// A result that a task is working on.
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub struct Pending<T> {
    result: oneshot::Receiver<T>,
    /// Closed when there is a result, or when there will never be one.
    ended: watch::Receiver<()>,
    /// Aborted when this is dropped.
    _task: Option<AbortOnDropJoinHandle<()>>,
    in_flight: Option<Cancel>,
}

/// The task ended without a result, which only a bug of the host causes.
pub(super) struct TaskAborted;

/// The result, or the pending itself if there is none yet.
type Tried<T> = Result<Result<T, TaskAborted>, Resource<Pending<T>>>;

impl<T: Send + 'static> Pending<T> {
    /// Spawns a task that works on the result. Dropping the pending ends what counts as in flight.
    pub(super) fn start(in_flight: Cancel, work: impl Future<Output = T> + Send + 'static) -> Self {
        let (sender, result) = oneshot::channel();
        let (end, ended) = watch::channel(());
        let task = spawn(async move {
            let worked = work.await;
            // Sending fails if the pending was dropped.
            let _ = sender.send(worked);
            drop(end);
        });
        Self {
            result,
            ended,
            _task: Some(task),
            in_flight: Some(in_flight),
        }
    }

    /// A pending whose result is known already.
    pub(super) fn ready(result: T) -> Self {
        let (sender, receiver) = oneshot::channel();
        let _ = sender.send(result);
        Self {
            result: receiver,
            ended: watch::channel(()).1,
            _task: None,
            in_flight: None,
        }
    }
}

/// The pollable's end. A table entry of its own instead of the pending's child, so that a function may
/// drop the two in any order.
struct EndPollable(watch::Receiver<()>);

#[wasmtime_wasi::async_trait]
impl Pollable for EndPollable {
    async fn ready(&mut self) {
        // The channel carries no value: this resolves when the sender is dropped.
        while self.0.changed().await.is_ok() {}
    }
}

/// Shared by the `pending` resources of all interfaces.
impl State {
    pub(super) fn watch_pending<T: Send + 'static>(
        &mut self,
        pending: &Resource<Pending<T>>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        let ended = EndPollable(self.table.get(pending)?.ended.clone());
        let ended = self.table.push(ended)?;
        subscribe(&mut self.table, ended)
    }

    /// Drops a result that the function no longer wants.
    pub(super) fn drop_pending<T: Send + 'static>(
        &mut self,
        pending: Resource<Pending<T>>,
    ) -> wasmtime::Result<()> {
        if let Some(in_flight) = self.table.delete(pending)?.in_flight {
            in_flight.cancel();
        }
        Ok(())
    }

    /// Waits for the result.
    pub(super) async fn await_pending<T: Send + 'static>(
        &mut self,
        pending: Resource<Pending<T>>,
    ) -> wasmtime::Result<Result<T, TaskAborted>> {
        let mut pending = self.table.delete(pending)?;
        Ok((&mut pending.result).await.map_err(|_closed| TaskAborted))
    }

    /// Takes the result if there is one, without waiting.
    pub(super) fn try_pending<T: Send + 'static>(
        &mut self,
        this: Resource<Pending<T>>,
    ) -> wasmtime::Result<Tried<T>> {
        let result = match self.table.get_mut(&this)?.result.try_recv() {
            Ok(result) => Ok(result),
            Err(oneshot::error::TryRecvError::Empty) => return Ok(Err(this)),
            Err(oneshot::error::TryRecvError::Closed) => Err(TaskAborted),
        };
        self.table.delete(this)?;
        Ok(Ok(result))
    }
}
