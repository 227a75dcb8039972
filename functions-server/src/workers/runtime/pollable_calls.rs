//! Which calls a guest waits for, so that workers which wait for each other are found.

use std::collections::HashMap;
use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;

use crate::workers::waits::{Blocked, Waits};

/// The calls of a guest that pollables tell the end of.
#[derive(Debug, Default)]
pub(super) struct PollableCalls {
    /// The number of the call, by the pollable's number in the table.
    numbers: HashMap<u32, u64>,
}

impl PollableCalls {
    pub(super) fn add(&mut self, pollable: &Resource<DynPollable>, call: Option<u64>) {
        if let Some(call) = call {
            self.numbers.insert(pollable.rep(), call);
        }
    }

    pub(super) fn remove(&mut self, pollable: &Resource<DynPollable>) {
        self.numbers.remove(&pollable.rep());
    }

    /// The numbers of the calls that these tell the end of. `None`: one tells of something else.
    pub(super) fn of(&self, pollables: &[Resource<DynPollable>]) -> Option<Vec<u64>> {
        let calls = pollables
            .iter()
            .map(|pollable| self.numbers.get(&pollable.rep()).copied());
        calls.collect()
    }
}

/// A wait that is about to begin.
pub(super) struct CallWait {
    waits: Waits,
    worker: Arc<str>,
    calls: Vec<u64>,
}

impl CallWait {
    pub(super) fn new(waits: Waits, worker: Arc<str>, calls: Vec<u64>) -> Self {
        Self {
            waits,
            worker,
            calls,
        }
    }

    pub(super) fn begin(self) -> Blocked {
        self.waits.block(&self.worker, self.calls)
    }
}
