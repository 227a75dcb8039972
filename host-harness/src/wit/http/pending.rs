//! The `pending` resource: a request in flight in a task of its own.

use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;

use crate::invocation::Invocation;
use crate::message::in_flight::InFlight;
use crate::outbound::{Outgoing, Received, exchange};
use crate::wit::State;
use crate::wit::bindings::functions::http::client::{Error, HostPending, Response};
use crate::wit::pending::{self, TaskAborted};

/// A response in flight.
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub type PendingRequest = pending::Pending<Result<Received, Error>>;

/// Sends a request.
pub(super) fn start(call: &Invocation, request: Outgoing, one: InFlight) -> PendingRequest {
    let function = Arc::clone(&call.function);
    PendingRequest::start(one.cancel_handle(), async move {
        let received = exchange(&function.outbound, request, one).await;
        received.map_err(Error::from)
    })
}

impl HostPending for State {
    fn subscribe(
        &mut self,
        pending: Resource<PendingRequest>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        self.watch_pending(&pending)
    }

    async fn get(
        &mut self,
        pending: Resource<PendingRequest>,
    ) -> wasmtime::Result<Result<Response, Error>> {
        let received = self.await_pending(pending).await?;
        self.response(received.unwrap_or_else(aborted))
    }

    fn try_get(
        &mut self,
        this: Resource<PendingRequest>,
    ) -> wasmtime::Result<Result<Result<Response, Error>, Resource<PendingRequest>>> {
        match self.try_pending(this)? {
            Ok(received) => self.response(received.unwrap_or_else(aborted)).map(Ok),
            Err(this) => Ok(Err(this)),
        }
    }

    fn drop(&mut self, pending: Resource<PendingRequest>) -> wasmtime::Result<()> {
        self.drop_pending(pending)
    }
}

fn aborted(_: TaskAborted) -> Result<Received, Error> {
    Err(Error::Other("the host aborted the request".into()))
}
