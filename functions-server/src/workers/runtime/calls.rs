//! Which calls a guest waits for, so that workers which wait for each other are found.

use std::collections::HashMap;
use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;

use super::state::State;
use crate::workers::waits::{Blocked, Waits};

/// The calls of a guest that pollables tell the end of.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// The number of the call, by the pollable's number in the table.
    numbers: HashMap<u32, u64>,
}

impl Calls {
    pub(super) fn add(&mut self, pollable: &Resource<DynPollable>, call: Option<u64>) {
        if let Some(call) = call {
            self.numbers.insert(pollable.rep(), call);
        }
    }

    pub(super) fn remove(&mut self, pollable: &Resource<DynPollable>) {
        self.numbers.remove(&pollable.rep());
    }
}

/// A wait that is about to begin.
pub(super) struct Waiting {
    waits: Waits,
    worker: Arc<str>,
    calls: Vec<u64>,
}

impl Waiting {
    pub(super) fn begin(self) -> Blocked {
        self.waits.block(&self.worker, self.calls)
    }
}

impl State {
    /// `None`: the guest waits for something else than calls, too.
    pub(super) fn waiting_for(&self, pollables: &[Resource<DynPollable>]) -> Option<Waiting> {
        let numbers = &self.calls.numbers;
        let calls = pollables
            .iter()
            .map(|pollable| numbers.get(&pollable.rep()).copied());
        self.waiting(calls.collect::<Option<_>>()?)
    }

    pub(super) fn waiting(&self, calls: Vec<u64>) -> Option<Waiting> {
        Some(Waiting {
            waits: self.requests.waits.clone()?,
            worker: self.requests.caller.worker.clone(),
            calls,
        })
    }
}
