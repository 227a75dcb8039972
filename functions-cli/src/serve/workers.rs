//! Limits of workers.

use std::time::Duration;

use clap::Args;
use functions_server::ServerOptions;

use crate::value::{duration, number, size};

/// Limits for workers, which --golem serves.
#[derive(Args)]
pub(super) struct Workers {
    /// The memory of a worker. It holds for workers that are created from then on; one that needs more fails.
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = size::positive, env = "FUNCTIONS_WORKER_MEMORY")]
    worker_memory: usize,

    /// The CPU time of an invocation of a worker. Beyond it, the worker fails.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration::positive, env = "FUNCTIONS_WORKER_CPU_TIME")]
    worker_cpu_time: Duration,

    /// The journal of a worker: what it has done and got from outside. Beyond it, the worker's invocations are
    /// answered with 507.
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = size::positive, env = "FUNCTIONS_WORKER_JOURNAL")]
    worker_journal: usize,

    /// After how much journal a worker is saved, and its journal shortened, if its component exports
    /// golem:api/save-snapshot and load-snapshot; 0 never.
    #[arg(long, value_name = "SIZE", default_value = "256KiB", value_parser = size::parse, env = "FUNCTIONS_WORKER_SNAPSHOT_AFTER")]
    worker_snapshot_after: usize,

    /// How many invocations of a worker wait at most. Further ones are answered with 429.
    #[arg(long, value_name = "N", default_value = "10000", value_parser = number::positive, env = "FUNCTIONS_WORKER_QUEUE")]
    worker_queue: u32,

    /// After how long without an invocation a worker is unloaded. Its next invocation loads it.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration::positive, env = "FUNCTIONS_WORKER_IDLE")]
    worker_idle: Duration,

    /// How many results of a worker are kept for requests that repeat an Idempotency-Key.
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = number::positive, env = "FUNCTIONS_WORKER_KEYS")]
    worker_keys: u32,
}

impl Workers {
    pub(super) fn apply(&self, options: ServerOptions) -> ServerOptions {
        options
            .worker_memory(self.worker_memory as u64)
            .worker_cpu_time(self.worker_cpu_time)
            .worker_journal(self.worker_journal as u64)
            .worker_snapshot_after(self.worker_snapshot_after as u64)
            .worker_queue(usize::try_from(self.worker_queue).unwrap_or(usize::MAX))
            .worker_idle(self.worker_idle)
            .worker_keys(self.worker_keys.into())
    }
}
