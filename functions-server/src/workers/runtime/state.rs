//! What a worker's store holds.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use wasmtime::component::{HasData, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::WasiHttpCtx;

use super::cpu_budget::CpuBudget;
use super::memory::MemoryLimit;
use super::outgoing::Outgoing;
use super::output::Output;
use super::pollable_calls::{CallWait, PollableCalls};
use super::requests::{Egress, RequestSender};
use super::suspension::Sleeps;
use super::worker_identity::WorkerIdentity;
use crate::workers::journal::{Journal, JournalEntry};
use crate::workers::stopping::Stopping;
use crate::workers::waits::Waits;

/// How many handles a guest may have.
const MAX_HANDLES: usize = 100_000;

/// The most random bytes at once.
pub(super) const MAX_RANDOM: u64 = 1 << 20;

/// The guest asks for something else than was recorded: the component or the host behaves differently now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the replay diverged: {call} where the journal has {found}")]
pub(crate) struct Diverged {
    pub(crate) call: String,
    pub(crate) found: String,
}

/// What a worker was created with.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) caller: WorkerIdentity,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    /// What its memories may have together, in bytes.
    pub(crate) memory: u64,
    /// What an invocation may use.
    pub(crate) budget: Arc<CpuBudget>,
    /// How long a sleep has to be for which its instance is dropped.
    pub(crate) suspend_after: Duration,
    /// Sends its requests.
    pub(crate) egress: Egress,
    /// For workers: whom they wait for.
    pub(crate) waits: Option<Waits>,
    pub(crate) stopping: Stopping,
}

/// The data of a wasmtime store: the state of an instance.
pub(crate) struct InstanceState {
    pub(crate) journal: Arc<Journal>,
    pub(crate) budget: Arc<CpuBudget>,
    pub(crate) memory: MemoryLimit,
    pub(crate) stderr: Output,
    pub(super) stdout: Output,
    pub(super) variables: Vec<(String, String)>,
    pub(super) table: ResourceTable,
    pub(super) created: SystemTime,
    /// The last value of the worker's clock, in nanoseconds.
    pub(super) clock: u64,
    pub(super) outgoing: Outgoing,
    pub(super) requests: RequestSender,
    pub(super) sleeps: Sleeps,
    pub(super) calls: PollableCalls,
    pub(super) http: WasiHttpCtx,
    /// How many requests were begun.
    begun: u32,
    /// Requests are refused.
    is_quiet: bool,
    args: Vec<String>,
    /// Created once the guest asks for it.
    wasi: Option<WasiCtx>,
}

impl InstanceState {
    pub(crate) fn new(environment: &Environment, journal: Arc<Journal>) -> Self {
        let output = |name| Output::new(environment.caller.worker.clone(), name, journal.clone());
        let (stdout, stderr) = (output("stdout"), output("stderr"));
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_HANDLES);
        let requests = RequestSender {
            egress: environment.egress.clone(),
            journal: journal.clone(),
            caller: environment.caller.clone(),
            origin: None,
            waits: environment.waits.clone(),
            stopping: environment.stopping.clone(),
            call: None,
        };
        Self {
            journal,
            budget: environment.budget.clone(),
            memory: MemoryLimit::new(environment.memory),
            stderr,
            stdout,
            variables: environment.env.clone(),
            table,
            created: environment.caller.created,
            clock: 0,
            outgoing: Outgoing::new(requests.clone()),
            requests,
            sleeps: Sleeps::new(environment.suspend_after),
            calls: PollableCalls::default(),
            http: WasiHttpCtx::new(),
            begun: 0,
            is_quiet: false,
            args: environment.args.clone(),
            wasi: None,
        }
    }

    /// An invocation begins.
    pub(crate) fn begin_output(&self) {
        self.stdout.begin();
        self.stderr.begin();
    }

    /// Says which workers wait for the calls that come.
    pub(crate) fn set_origin(&mut self, origin: Option<Arc<str>>) {
        self.requests.origin = origin;
    }

    /// How many requests were begun, and the last value of the clock.
    pub(crate) fn position(&self) -> (u32, u64) {
        (self.begun, self.clock)
    }

    /// Requests are numbered from here on, and the clock is not earlier.
    pub(crate) fn go_on_at(&mut self, begun: u32, clock: u64) {
        self.begun = begun;
        self.clock = self.clock.max(clock);
    }

    /// Whether requests are in flight.
    pub(crate) fn has_requests(&self) -> bool {
        self.sleeps.has_requests()
    }

    /// Refuses requests, or allows them again.
    pub(crate) fn set_quiet(&mut self, is_quiet: bool) {
        self.is_quiet = is_quiet;
    }

    /// Begins a request whose head has this hash. Returns its number.
    pub(super) fn begin(&mut self, call: &'static str, hash: u64) -> wasmtime::Result<u32> {
        if self.is_quiet {
            let why = "a component must not send requests while it is saved or loaded";
            return Err(wasmtime::format_err!("{why}"));
        }
        let number = self.begun;
        self.begun += 1;
        let begin = JournalEntry::Begin { number, hash };
        let live = begin.clone();
        self.recorded(call, |_| live, |entry| (*entry == begin).then_some(number))
    }

    /// The guest waits for these calls. `None`: no worker waits for its instance.
    pub(super) fn waiting(&self, calls: Vec<u64>) -> Option<CallWait> {
        let waits = self.requests.waits.clone()?;
        Some(CallWait::new(
            waits,
            self.requests.caller.worker.clone(),
            calls,
        ))
    }

    /// What a host call gives the guest: what was recorded, or else what `live` gets, which is recorded.
    pub(super) fn recorded<T>(
        &mut self,
        call: &'static str,
        live: impl FnOnce(&mut Self) -> JournalEntry,
        read: impl FnOnce(&JournalEntry) -> Option<T>,
    ) -> wasmtime::Result<T> {
        let entry = match self.journal.next() {
            Some(entry) => entry,
            None => {
                let entry = live(self);
                self.journal.add(&entry)?;
                entry
            }
        };
        Ok(read(&entry).ok_or_else(|| diverged(call, &entry))?)
    }
}

/// The guest made `call`, and the journal has something else.
pub(super) fn diverged(call: &str, found: &JournalEntry) -> Diverged {
    let mut found = format!("{found:?}");
    found.truncate(found.floor_char_boundary(200));
    Diverged {
        call: call.to_owned(),
        found,
    }
}

impl WasiView for InstanceState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let create = || {
            WasiCtxBuilder::new()
                .args(&self.args)
                .envs(&self.variables)
                .stdout(self.stdout.clone())
                .stderr(self.stderr.clone())
                .allow_tcp(false)
                .allow_udp(false)
                .build()
        };
        WasiCtxView {
            ctx: self.wasi.get_or_insert_with(create),
            table: &mut self.table,
        }
    }
}

/// Host calls get the whole state.
pub(super) struct HasInstanceState;

impl HasData for HasInstanceState {
    type Data<'a> = &'a mut InstanceState;
}
