//! Limits of the host and of each function.

use std::time::Duration;

use super::Builder;
use crate::limits::Limits;

impl Builder {
    /// Limits the functions that are loaded at once; see [`Limits::loaded_functions`].
    pub fn loaded_functions(mut self, functions: u32) -> Self {
        self.limits.loaded_functions = functions;
        self
    }

    /// Replaces all limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Limits the time until a function has answered, waiting included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = timeout;
        self
    }

    /// Limits the total time of an invocation that streams its response, waiting included.
    pub fn stream_timeout(mut self, timeout: Duration) -> Self {
        self.limits.stream_timeout = timeout;
        self
    }

    /// Closes a connection when the client has read nothing of a waiting response for this long.
    pub fn client_timeout(mut self, timeout: Duration) -> Self {
        self.limits.client_timeout = timeout;
        self
    }

    /// Limits the time from a connection's opening to its first complete request head; see
    /// [`Limits::head_timeout`].
    pub fn head_timeout(mut self, timeout: Duration) -> Self {
        self.limits.head_timeout = timeout;
        self
    }

    /// Limits the time between two requests on a connection.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.limits.idle_timeout = timeout;
        self
    }

    /// Limits the CPU time of an invocation.
    pub fn cpu_time(mut self, cpu_time: Duration) -> Self {
        self.limits.cpu_time = cpu_time;
        self
    }

    /// Limits the memory of an invocation, in bytes.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.limits.memory = bytes;
        self
    }

    /// Sets the most memory that a function's own setting may allow, in bytes, if that is more than the
    /// memory of other functions; see [`Limits::max_memory`].
    pub fn max_memory(mut self, bytes: usize) -> Self {
        self.limits.max_memory = bytes;
        self
    }

    /// Ends the process if a thread hangs in a function; see [`Limits::watchdog`].
    pub fn watchdog(mut self, after: Duration) -> Self {
        self.limits.watchdog = Some(after);
        self
    }

    /// Limits the linear memories of a function; see [`Limits::memories`].
    pub fn memories(mut self, memories: u32) -> Self {
        self.limits.memories = memories;
        self
    }

    /// Limits how many requests run at once, and how many wait for that; see [`Limits`].
    pub fn concurrency(mut self, running: u32, waiting: usize) -> Self {
        self.limits.concurrency = running;
        self.limits.queue = waiting;
        self
    }

    /// Limits the requests to other servers in flight, of all functions together; see
    /// [`Limits::outbound`].
    pub fn outbound(mut self, requests: u32) -> Self {
        self.limits.outbound = requests;
        self
    }

    /// Limits the bytes of bodies that functions give by value and the host holds; see
    /// [`Limits::body_memory`].
    pub fn body_memory(mut self, bytes: usize) -> Self {
        self.limits.body_memory = bytes;
        self
    }

    /// Limits the bytes of a request's or call's body; see [`Limits::max_body`].
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.limits.max_body = Some(bytes);
        self
    }

    /// Limits the idle instances that wait for a request; see [`Limits::idle_instances`].
    pub fn idle_instances(mut self, instances: u32) -> Self {
        self.limits.idle_instances = instances;
        self
    }

    /// Limits how many calls may be nested; see [`Limits::depth`].
    pub fn depth(mut self, calls: u32) -> Self {
        self.limits.depth = calls;
        self
    }

    /// Limits the records that an invocation prints and logs, and the bytes of their texts; see
    /// [`Limits::log_records`].
    pub fn log_limits(mut self, records: usize, bytes: usize) -> Self {
        self.limits.log_records = records;
        self.limits.log_bytes = bytes;
        self
    }
}
