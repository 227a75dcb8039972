use wasmtime::component::ResourceTable;
use wasmtime_wasi::WasiCtx;

use super::handles;
use super::host_interface::Locals;
use super::output::SharedLog;
use crate::invocation::Invocation;
use crate::invocation::memory_limiter::MemoryLimit;
use crate::invocation::time_check::TimeCheck;
use crate::message::in_flight::{self, InFlight};

/// What the host holds of one invocation: the data of wasmtime's store. Dropped with the instance, also after a
/// trap.
pub struct State {
    pub(crate) table: ResourceTable,
    pub(crate) call: Invocation,
    pub(crate) memory: MemoryLimit,
    pub(crate) time: TimeCheck,
    /// How many requests and calls of its own are under way.
    pub(super) in_flight: in_flight::InFlightCounter,
    /// How many functions it has called so far.
    pub(super) calls: u32,
    /// Whether it has begun to stream its response.
    pub(super) streaming: bool,
    pub(super) log: SharedLog,
    /// Made when it is first asked for: most functions never do.
    pub(super) wasi: Option<Box<WasiCtx>>,
    pub(super) locals: Locals,
}

impl State {
    /// Whether the invocation has begun to stream its response.
    pub(crate) fn is_streaming(&self) -> bool {
        self.streaming
    }

    /// With limits of which something may be used already.
    pub(crate) fn new(call: Invocation, memory: MemoryLimit, time: TimeCheck) -> Self {
        Self {
            table: handles::table(),
            call,
            memory,
            time,
            in_flight: in_flight::InFlightCounter::default(),
            calls: 0,
            streaming: false,
            log: SharedLog::default(),
            wasi: None,
            locals: Locals::default(),
        }
    }

    /// Fails if the invocation has used up its time.
    pub(crate) fn look_at_time(&mut self) -> wasmtime::Result<()> {
        Ok(self.time.look(self.call.deadline)?)
    }

    /// As [`TimeCheck::check`], on the way back from a host call.
    pub(super) async fn check_time(&mut self) -> wasmtime::Result<()> {
        Ok(self.time.check(self.call.deadline).await?)
    }

    /// One more, if there may be, and a handle for it.
    pub(super) fn one_more_in_flight(&mut self) -> Option<InFlight> {
        let one = self.in_flight.one_more()?;
        handles::has_room(&mut self.table).then_some(one)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InvocationState")
            .field("function", &self.call.function.name)
            .field("invocation", &self.call.id)
            .finish_non_exhaustive()
    }
}
