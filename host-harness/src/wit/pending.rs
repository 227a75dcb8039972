//! A result that is on its way: what every `pending` resource is.

use tokio::sync::{oneshot, watch};
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

use super::State;

/// A result that a task of its own is working on.
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub struct Pending<T> {
    result: oneshot::Receiver<T>,
    /// Closed when there is a result, or never going to be one.
    ended: watch::Receiver<()>,
    /// Goes with this, and the work with it.
    _task: Option<AbortOnDropJoinHandle<()>>,
}

/// The task ended without a result, which only a mistake of the host's can bring about.
pub(super) struct TaskAborted;

/// The result, or the pending again where there is none yet.
type Tried<T> = Result<Result<T, TaskAborted>, Resource<Pending<T>>>;

impl<T: Send + 'static> Pending<T> {
    /// Begins to work at once.
    pub(super) fn start(work: impl Future<Output = T> + Send + 'static) -> Self {
        let (sender, result) = oneshot::channel();
        let (end, ended) = watch::channel(());
        let task = spawn(async move {
            let worked = work.await;
            // Who no longer wants it has dropped the pending.
            let _ = sender.send(worked);
            drop(end);
        });
        Self {
            result,
            ended,
            _task: Some(task),
        }
    }

    /// One whose result is there before it began.
    pub(super) fn over(result: T) -> Self {
        let (sender, receiver) = oneshot::channel();
        let _ = sender.send(result);
        Self {
            result: receiver,
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

/// What the host's sides of `pending` have in common.
impl State {
    pub(super) fn watch_pending<T: Send + 'static>(
        &mut self,
        pending: &Resource<Pending<T>>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        let ended = Ended(self.table.get(pending)?.ended.clone());
        let ended = self.table.push(ended)?;
        subscribe(&mut self.table, ended)
    }

    /// The result, once it is there.
    pub(super) async fn await_pending<T: Send + 'static>(
        &mut self,
        pending: Resource<Pending<T>>,
    ) -> wasmtime::Result<Result<T, TaskAborted>> {
        let mut pending = self.table.delete(pending)?;
        Ok((&mut pending.result).await.map_err(|_closed| TaskAborted))
    }

    /// Never waits.
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
