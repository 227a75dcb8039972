//! Results in flight. Whether there is one is recorded wherever the guest can see it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

use crate::workers::journal::JournalEntry;
use crate::workers::runtime::pollable_calls::CallWait;
use crate::workers::runtime::request_outcome::{RequestFailure, RequestResult};
use crate::workers::runtime::requests::{Destination, Outbound};
use crate::workers::runtime::state::{InstanceState, diverged};
use crate::workers::waits::Waits;

/// The `pending` resources: a request or call in flight, which ends with its handle.
#[expect(unreachable_pub, reason = "the generated code re-exports it")]
pub struct Pending {
    shared: Arc<Mutex<PendingState>>,
    /// The number of the call, for who waits for it.
    call: Option<u64>,
}

enum PendingState {
    Running(AbortOnDropJoinHandle<RequestResult>),
    Ended(RequestResult),
    Taken,
}

impl Pending {
    fn running(task: AbortOnDropJoinHandle<RequestResult>) -> Self {
        Self::of(PendingState::Running(task))
    }

    fn of(shared: PendingState) -> Self {
        Self {
            shared: Arc::new(Mutex::new(shared)),
            call: None,
        }
    }

    fn shared(&self) -> MutexGuard<'_, PendingState> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut shared = self.shared();
        let PendingState::Running(task) = &mut *shared else {
            return Poll::Ready(());
        };
        match Pin::new(task).poll(context) {
            Poll::Ready(sent) => {
                *shared = PendingState::Ended(sent);
                Poll::Ready(())
            }
            Poll::Pending => Poll::Pending,
        }
    }

    async fn ended(&self) {
        poll_fn(|context| self.poll(context)).await;
    }

    fn take(&self) -> RequestResult {
        match std::mem::replace(&mut *self.shared(), PendingState::Taken) {
            PendingState::Ended(sent) => sent,
            _ => Err(RequestFailure(
                "other".to_owned(),
                "the result was taken".to_owned(),
            )),
        }
    }
}

/// The pollable's end: a pollable may outlive its pending.
struct PendingReady(Arc<Mutex<PendingState>>);

#[async_trait]
impl Pollable for PendingReady {
    async fn ready(&mut self) {
        let pending = Pending {
            shared: Arc::clone(&self.0),
            call: None,
        };
        pending.ended().await;
    }
}

/// Shared by both interfaces.
impl InstanceState {
    /// Begins a request or call. An error is known at once, in every run.
    pub(super) fn start(
        &mut self,
        outbound: std::result::Result<(Outbound, &'static str, u64), RequestFailure>,
    ) -> Result<Pending> {
        let (outbound, call, hash) = match outbound {
            Ok(outbound) => outbound,
            Err(failure) => return Ok(Pending::of(PendingState::Ended(Err(failure)))),
        };
        let number = self.begin(call, hash)?;
        let mut requests = self.requests.clone();
        requests.call = match outbound.to {
            Destination::Function(_) => requests.waits.as_ref().map(Waits::number),
            Destination::Server { .. } => None,
        };
        let call = requests.call;
        let in_flight = self.sleeps.begin_request();
        let task = spawn(async move {
            let _in_flight = in_flight;
            requests.send(number, outbound).await
        });
        Ok(Pending {
            call,
            ..Pending::running(task)
        })
    }

    pub(super) fn watch_pending(
        &mut self,
        pending: &Resource<Pending>,
    ) -> Result<Resource<DynPollable>> {
        let pending = self.table.get(pending)?;
        let call = pending.call;
        let ended = PendingReady(Arc::clone(&pending.shared));
        let ended = self.table.push(ended)?;
        let pollable = subscribe(&mut self.table, ended)?;
        self.calls.add(&pollable, call);
        Ok(pollable)
    }

    /// Waits for a result.
    pub(super) async fn await_pending(&mut self, pending: Pending) -> RequestResult {
        if !self.journal.is_replaying() {
            // It may take long.
            self.journal.flush();
        }
        let waiting = pending.call.and_then(|call| self.waiting(vec![call]));
        let _blocked = waiting.map(CallWait::begin);
        pending.ended().await;
        pending.take()
    }

    /// The result, if there is one.
    pub(super) async fn try_pending(
        &mut self,
        this: Resource<Pending>,
    ) -> Result<std::result::Result<RequestResult, Resource<Pending>>> {
        let pending = self.table.get(&this)?;
        let is_ended = match self.journal.next() {
            Some(JournalEntry::Ready(is_ended)) => {
                if is_ended {
                    pending.ended().await;
                }
                is_ended
            }
            Some(found) => return Err(diverged("pending.try-get", &found).into()),
            None => {
                let polled = poll_fn(|context| Poll::Ready(pending.poll(context))).await;
                self.journal.add(&JournalEntry::Ready(polled.is_ready()))?;
                polled.is_ready()
            }
        };
        match is_ended {
            true => Ok(Ok(self.table.delete(this)?.take())),
            false => Ok(Err(this)),
        }
    }
}
