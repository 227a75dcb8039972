//! The `pending` resource: a call in flight in a task of its own.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;

use super::Answered;
use crate::wit::State;
use crate::wit::bindings::functions::binding::invoker::{Error, HostPending, Response};
use crate::wit::pending::{self, TaskAborted};

/// A response in flight.
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub type PendingCall = pending::Pending<Answered>;

impl HostPending for State {
    fn subscribe(
        &mut self,
        pending: Resource<PendingCall>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        self.watch_pending(&pending)
    }

    async fn get(
        &mut self,
        pending: Resource<PendingCall>,
    ) -> wasmtime::Result<Result<Response, Error>> {
        let answer = self.await_pending(pending).await?;
        self.answered(answer.unwrap_or_else(aborted))
    }

    fn try_get(
        &mut self,
        this: Resource<PendingCall>,
    ) -> wasmtime::Result<Result<Result<Response, Error>, Resource<PendingCall>>> {
        match self.try_pending(this)? {
            Ok(answer) => self.answered(answer.unwrap_or_else(aborted)).map(Ok),
            Err(this) => Ok(Err(this)),
        }
    }

    fn drop(&mut self, pending: Resource<PendingCall>) -> wasmtime::Result<()> {
        self.drop_pending(pending)
    }
}

fn aborted(_: TaskAborted) -> Answered {
    Err(Error::Other("the host aborted the call".into()))
}
