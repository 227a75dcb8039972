//! Recorded readiness: which of the things a guest waits for were ready is all that can differ.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::SystemTime;

use wasmtime::Result;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::io::poll;

use super::pollable_calls::CallWait;
use super::state::{InstanceState, diverged};
use super::suspension::Suspended;
use crate::workers::journal::JournalEntry;

impl poll::Host for &mut InstanceState {
    async fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> Result<Vec<u32>> {
        if let Some(entry) = self.journal.next() {
            let JournalEntry::Poll(ready) = &entry else {
                return Err(diverged("poll.poll", &entry).into());
            };
            for index in ready {
                let pollable = pollables.get(*index as usize);
                let pollable = pollable.ok_or_else(|| diverged("poll.poll", &entry))?;
                // Its object reaches the state that it had.
                block(&mut self.table, pollable).await?;
            }
            return Ok(ready.clone());
        }
        self.suspend_for(&pollables)?;
        let journal = self.journal.clone();
        let waiting = self.waiting_for(&pollables);
        let ready = {
            let mut polling = pin!(poll::Host::poll(&mut self.table, pollables));
            let first = poll_fn(|context| Poll::Ready(polling.as_mut().poll(context))).await;
            match first {
                Poll::Ready(ready) => ready?,
                Poll::Pending => {
                    // It may take long.
                    journal.flush();
                    let _blocked = waiting.map(CallWait::begin);
                    polling.await?
                }
            }
        };
        journal.add(&JournalEntry::Poll(ready.clone()))?;
        Ok(ready)
    }
}

impl poll::HostPollable for &mut InstanceState {
    async fn block(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        if !self.journal.is_replaying() {
            self.suspend_for(std::slice::from_ref(&pollable))?;
            self.journal.flush();
        }
        let waiting = self.waiting_for(std::slice::from_ref(&pollable));
        let _blocked = waiting.map(CallWait::begin);
        poll::HostPollable::block(&mut self.table, pollable).await
    }

    async fn ready(&mut self, pollable: Resource<DynPollable>) -> Result<bool> {
        if let Some(entry) = self.journal.next() {
            let JournalEntry::Ready(is_ready) = entry else {
                return Err(diverged("pollable.ready", &entry).into());
            };
            if is_ready {
                block(&mut self.table, &pollable).await?;
            }
            return Ok(is_ready);
        }
        let is_ready = poll::HostPollable::ready(&mut self.table, pollable).await?;
        self.journal.add(&JournalEntry::Ready(is_ready))?;
        Ok(is_ready)
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        self.sleeps.remove(&pollable);
        self.calls.remove(&pollable);
        poll::HostPollable::drop(&mut self.table, pollable)
    }
}

impl InstanceState {
    /// `None`: the guest waits for something else than calls, too.
    fn waiting_for(&self, pollables: &[Resource<DynPollable>]) -> Option<CallWait> {
        self.waiting(self.calls.of(pollables)?)
    }

    /// Fails with [`Suspended`] if the guest waits for these, and it is long.
    fn suspend_for(&self, pollables: &[Resource<DynPollable>]) -> Result<()> {
        match self.sleeps.until(pollables, SystemTime::now()) {
            Some(until) if self.journal.is_recording() => Err(Suspended { until }.into()),
            _ => Ok(()),
        }
    }
}

async fn block(table: &mut ResourceTable, pollable: &Resource<DynPollable>) -> Result<()> {
    let pollable = Resource::new_borrow(pollable.rep());
    poll::HostPollable::block(table, pollable).await
}
