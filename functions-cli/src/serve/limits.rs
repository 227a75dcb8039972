//! Options that limit invocations, and how many there may be at once.

use std::time::Duration;

use clap::Args;
use host_harness::Limits;

use crate::value::share::Share;
use crate::value::{duration, number, size};

/// Limits; docs/limits.md lists them.
#[derive(Args)]
pub(super) struct LimitOptions {
    /// The time until a function has answered, waiting included.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration::positive, env = "FUNCTIONS_TIMEOUT")]
    timeout: Duration,

    /// The total time of a function that streams its response, such as events.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration::positive, env = "FUNCTIONS_STREAM_TIMEOUT")]
    stream_timeout: Duration,

    /// Close a connection when the client has read nothing of a waiting response for this long.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration::positive, env = "FUNCTIONS_CLIENT_TIMEOUT")]
    client_timeout: Duration,

    /// Close a connection on which no request has come for this long since the last one.
    #[arg(long, value_name = "DURATION", default_value = "75s", value_parser = duration::positive, env = "FUNCTIONS_IDLE_TIMEOUT")]
    idle_timeout: Duration,

    /// The CPU time of a function for one request.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration::positive, env = "FUNCTIONS_CPU_TIME")]
    cpu_time: Duration,

    /// The memory of a function for one request.
    #[arg(long, value_name = "SIZE", default_value = "128MiB", value_parser = size::positive, env = "FUNCTIONS_MEMORY")]
    memory: usize,

    /// The number of linear memories of a function, all within --memory. Compilers make one. A function
    /// with more takes as many slots of --max-concurrency.
    #[arg(long, value_name = "N", default_value_t = Limits::default().memories, value_parser = number::positive, env = "FUNCTIONS_MAX_MEMORIES")]
    max_memories: u32,

    /// End the process with SIGABRT if one poll of a function takes this long, since the host hangs
    /// there. A poll usually takes milliseconds. 0s never ends it.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration::parse, env = "FUNCTIONS_WATCHDOG")]
    watchdog: Duration,

    /// How many requests run at once. Functions that are called have slots of their own.
    #[arg(long, value_name = "N", default_value_t = Limits::default().concurrency, value_parser = number::positive, env = "FUNCTIONS_MAX_CONCURRENCY")]
    max_concurrency: u32,

    /// How many more requests may wait; further ones are answered with 429.
    #[arg(long, value_name = "N", default_value_t = Limits::default().queue, value_parser = number::any_size, env = "FUNCTIONS_MAX_QUEUE")]
    max_queue: usize,

    /// How many requests to other servers are in flight, of all functions together. Further ones wait,
    /// within their own deadline.
    #[arg(long, value_name = "N", default_value_t = Limits::default().outbound, value_parser = number::positive, env = "FUNCTIONS_MAX_OUTBOUND")]
    max_outbound: u32,

    /// The memory for bodies of more than 64 KiB that functions send in requests, calls and responses.
    /// Bodies that are only passed on do not count. Further requests and calls are refused, and further
    /// responses are answered with 429.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size::parse, env = "FUNCTIONS_MAX_BODY_MEMORY")]
    max_body_memory: usize,

    /// The longest body of a request, answered with 413 beyond it, and of a call. A function's setting may
    /// lower it. Without this option, there is no limit.
    #[arg(long, value_name = "SIZE", value_parser = size::parse, env = "FUNCTIONS_MAX_BODY")]
    max_body: Option<usize>,

    /// How many functions are loaded at once. Those that nobody has called for longest are unloaded, and
    /// loaded again by their next request.
    #[arg(long, value_name = "N", default_value_t = Limits::default().loaded_functions, value_parser = number::positive, env = "FUNCTIONS_LOADED_FUNCTIONS")]
    loaded_functions: u32,

    /// How many idle instances, reset to their initial state, wait for the next request to their
    /// function. With 0, every request gets a new instance. Defaults to 256, or 0 with --multi-tenant.
    #[arg(long, value_name = "N", value_parser = number::any, env = "FUNCTIONS_MAX_IDLE_INSTANCES")]
    max_idle_instances: Option<u32>,

    /// The share of resets that are verified, such as 1/1000. The whole instance is compared with a new
    /// one, and a difference ends the process. 0 verifies none.
    #[arg(long, value_name = "1/N", default_value = Share::DEFAULT, env = "FUNCTIONS_VERIFY_REUSE")]
    verify_reuse: Share,

    /// How many calls may be nested, from one function to the next; 0 allows no calls.
    #[arg(long, value_name = "N", default_value_t = Limits::default().depth, value_parser = depth, env = "FUNCTIONS_MAX_DEPTH")]
    max_depth: u32,

    /// How many records a function may print and log for one request; a last record counts the rest.
    /// Defaults to 10000, or 1000 with --multi-tenant, which is also the most there.
    #[arg(long, value_name = "N", value_parser = number::any_size, env = "FUNCTIONS_MAX_LOG_RECORDS")]
    max_log_records: Option<usize>,

    /// How many bytes the texts of these records may have. Defaults to 1MiB, or 64KiB with
    /// --multi-tenant, which is also the most there.
    #[arg(long, value_name = "SIZE", value_parser = size::parse, env = "FUNCTIONS_MAX_LOG_BYTES")]
    max_log_bytes: Option<usize>,
}

/// Parses a depth of calls.
fn depth(text: &str) -> Result<u32, String> {
    number::within(text, 0..=Limits::default().depth)
}

impl LimitOptions {
    /// The limits of a host, multi-tenant or not.
    pub(super) fn limits(&self, multi_tenant: bool) -> Limits {
        let mut limits = match multi_tenant {
            true => Limits::multi_tenant(),
            false => Limits::default(),
        };
        limits.timeout = self.timeout;
        limits.stream_timeout = self.stream_timeout;
        limits.client_timeout = self.client_timeout;
        limits.idle_timeout = self.idle_timeout;
        limits.cpu_time = self.cpu_time;
        limits.memory = self.memory;
        limits.memories = self.max_memories;
        limits.watchdog = Some(self.watchdog).filter(|after| !after.is_zero());
        limits.concurrency = self.max_concurrency;
        limits.queue = self.max_queue;
        limits.outbound = self.max_outbound;
        limits.body_memory = self.max_body_memory;
        limits.max_body = self
            .max_body
            .map(|max| u64::try_from(max).unwrap_or(u64::MAX));
        limits.loaded_functions = self.loaded_functions;
        limits.idle_instances = self.max_idle_instances.unwrap_or(limits.idle_instances);
        limits.verify_reuse = self.verify_reuse.of();
        limits.depth = self.max_depth;
        limits.log_records = self.max_log_records.unwrap_or(limits.log_records);
        limits.log_bytes = self.max_log_bytes.unwrap_or(limits.log_bytes);
        limits
    }
}
