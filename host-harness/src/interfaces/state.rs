use wasmtime::component::ResourceTable;
use wasmtime_wasi::WasiCtx;

use super::environment::Call;
use super::memory::MemoryLimit;
use super::output::SharedLog;
use super::time_check::TimeCheck;
use super::{handles, under_way};

/// What one invocation holds on the host. It goes with the instance, also when that traps.
pub(crate) struct State {
    pub(crate) table: ResourceTable,
    pub(crate) call: Call,
    pub(crate) memory: MemoryLimit,
    pub(crate) time: TimeCheck,
    /// How many requests and calls of its own are under way.
    pub(super) under_way: under_way::Count,
    /// How many functions it has called so far.
    pub(super) calls: u32,
    /// Whether it has begun to stream its response.
    pub(super) streaming: bool,
    pub(super) log: SharedLog,
    /// Made when it is first asked for: most functions never do.
    pub(super) wasi: Option<Box<WasiCtx>>,
}

impl State {
    /// Whether the invocation has begun to stream its response.
    pub(crate) fn is_streaming(&self) -> bool {
        self.streaming
    }

    /// With limits of which something may be used already.
    pub(crate) fn new(call: Call, memory: MemoryLimit, time: TimeCheck) -> Self {
        Self {
            table: handles::table(),
            call,
            memory,
            time,
            under_way: under_way::Count::default(),
            calls: 0,
            streaming: false,
            log: SharedLog::default(),
            wasi: None,
        }
    }
}
