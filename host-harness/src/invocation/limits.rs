use std::time::Duration;

use tokio::time::Instant;

use crate::limits::Limits;

/// The limits of each invocation of one function.
#[derive(Debug, Clone)]
pub(crate) struct InvocationLimits {
    /// The time until the function has answered.
    pub(crate) timeout: Duration,
    /// The time of an invocation that streams its response.
    pub(crate) stream_timeout: Duration,
    pub(crate) cpu_time: Duration,
    /// The share of a processor; `None` is all of it.
    pub(crate) cpu_share: Option<f64>,
    /// In bytes.
    pub(crate) memory: usize,
    /// How many linear memories there may be, at least one.
    pub(crate) memories: u32,
}

impl InvocationLimits {
    /// The times of an invocation that arrives now.
    pub(crate) fn times(&self) -> InvocationTimes {
        let arrived = Instant::now();
        InvocationTimes {
            arrived,
            deadline: arrived.checked_add(self.timeout),
            stream_deadline: arrived.checked_add(self.stream_timeout),
        }
    }
}

/// When an invocation arrived, and when it has to end. `None` means never.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InvocationTimes {
    pub(crate) arrived: Instant,
    /// For its response.
    pub(crate) deadline: Option<Instant>,
    /// For its end, if it streams the response.
    pub(crate) stream_deadline: Option<Instant>,
}

impl From<&Limits> for InvocationLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            timeout: limits.timeout,
            stream_timeout: limits.stream_timeout,
            cpu_time: limits.cpu_time,
            cpu_share: None,
            memory: limits.memory,
            memories: limits.memories.max(1),
        }
    }
}
