use std::any::Any;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::WasiCtx;

use super::handles;
use super::shared_log::SharedLog;
use crate::command::{CapturedOutput, FileSystem};
use crate::invocation::Invocation;
use crate::invocation::memory_limiter::MemoryLimit;
use crate::invocation::time_check::TimeCheck;
use crate::message::in_flight::{self, InFlight};

/// The host's data of one invocation: the data of wasmtime's store. Dropped with the instance, also
/// after a trap.
pub struct State {
    pub(crate) table: ResourceTable,
    pub(crate) call: Invocation,
    pub(crate) memory: MemoryLimit,
    pub(crate) time: TimeCheck,
    /// How many of its requests and calls are in flight.
    pub(super) in_flight: in_flight::InFlightCounter,
    /// How many functions the invocation has called so far.
    pub(super) calls: u32,
    /// Whether the invocation has started to stream its response.
    pub(super) streaming: bool,
    pub(super) log: SharedLog,
    /// Created on first use: most functions need no WASI.
    pub(super) wasi: Option<Box<WasiCtx>>,
    /// The data of this invocation that an embedder's interfaces keep. There are rarely more than two.
    pub(super) locals: Vec<Box<dyn Any + Send>>,
    /// What a command has besides. A web function has none.
    pub(crate) command: Option<Box<CommandRun>>,
}

/// What the run of a command has besides other invocations.
pub(crate) struct CommandRun {
    /// The program's name first.
    pub(crate) arguments: Vec<String>,
    pub(crate) files: FileSystem,
    /// What it prints to standard output.
    pub(crate) output: CapturedOutput,
    /// Variables besides those of the function.
    pub(crate) variables: [(&'static str, &'static str); 2],
}

impl State {
    /// Whether the invocation has started to stream its response.
    pub(crate) fn is_streaming(&self) -> bool {
        self.streaming
    }

    /// `memory` and `time` may be partly used up already.
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
            locals: Vec::new(),
            command: None,
        }
    }

    /// Fails if the invocation is past its deadline.
    pub(crate) fn check_deadline(&mut self) -> wasmtime::Result<()> {
        Ok(self.time.check_deadline(self.call.deadline)?)
    }

    /// Runs [`TimeCheck::check`], on the way back from a host call.
    pub(super) async fn check_time(&mut self) -> wasmtime::Result<()> {
        Ok(self.time.check(self.call.deadline).await?)
    }

    /// Counts one more call or request, if the limits on those in flight and on handles allow it.
    pub(super) fn acquire_in_flight(&mut self) -> Option<InFlight> {
        let one = self.in_flight.try_acquire()?;
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
