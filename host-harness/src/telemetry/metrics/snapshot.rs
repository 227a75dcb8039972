use std::sync::Arc;
use std::time::Duration;

/// What a host has counted since it was built. Counts never decrease.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Metrics {
    /// Functions with counts of their own, in the order of their names: the first 1000 that were invoked.
    pub functions: Vec<FunctionMetrics>,
    /// All further functions together, if there are any. Its name is empty.
    pub other: Option<FunctionMetrics>,
    /// How many functions there are.
    pub deployed: u64,
    /// How many of them are loaded.
    pub loaded: u64,
    /// Requests to names that no function has.
    pub unknown_functions: u64,
    /// Requests that are not valid HTTP, so that no function was looked for.
    pub invalid_requests: u64,
    /// What waits for a slot of the host.
    pub queues: QueueLengths,
}

/// How many invocations wait for a slot of the host at this moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueLengths {
    /// Requests.
    pub requests: u64,
    /// Calls between functions, at any depth.
    pub calls: u64,
}

/// What was counted of one function: all its versions since it was first invoked.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct FunctionMetrics {
    /// The function's name.
    pub name: Arc<str>,
    /// Requests and calls that ended, or started to stream their response. Without zeros.
    pub invocations: Vec<InvocationCount>,
    /// Streamed responses that were cut because the function failed. Without zeros.
    pub cut_streams: Vec<CutStreams>,
    /// From the arrival of a request or call until the function starts.
    pub queueing: Histogram,
    /// Making an instance.
    pub startup: Histogram,
    /// From the start of the function to its end, making an instance included.
    pub run: Histogram,
    /// Invocations that got an instance that was reset, or made ahead.
    pub instances_reused: u64,
    /// Bytes of request bodies that were read from connections.
    pub received_bytes: u64,
    /// Bytes of response bodies that were handed to connections.
    pub sent_bytes: u64,
    /// Idle instances at this moment.
    pub idle: u64,
    /// Invocations in flight at this moment, including those that wait for a slot.
    pub running: u64,
    /// Requests that wait at this moment for the function's own `concurrency`, or for it to be loaded.
    pub waiting: u64,
}

impl FunctionMetrics {
    /// Invocations that trapped, before or after they started to stream.
    #[must_use]
    pub fn traps(&self) -> u64 {
        let answers = self.invocations.iter();
        let answers = answers.filter(|of| of.reason == "trap").map(|of| of.count);
        let streams = self.cut_streams.iter();
        let streams = streams.filter(|of| of.reason == "trap").map(|of| of.count);
        answers.chain(streams).sum()
    }

    /// Instances that were made.
    #[must_use]
    pub fn instances_created(&self) -> u64 {
        self.startup.count()
    }
}

/// How many invocations ended in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvocationCount {
    /// The class of the response's status: `2xx` to `5xx`, or `none` without a response. A call counts
    /// as the request that it would be.
    pub status: &'static str,
    /// `answered` by the function, or why not, as problem documents have it.
    pub reason: &'static str,
    /// How many.
    pub count: u64,
}

/// How many streamed responses were cut for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CutStreams {
    /// Why, as in [`InvocationCount`].
    pub reason: &'static str,
    /// How many.
    pub count: u64,
}

/// How many durations were how long.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Histogram {
    /// Upper bounds in ascending order, none for the last, and how many durations each bucket has that the
    /// bucket before it has not.
    pub buckets: Vec<(Option<Duration>, u64)>,
    /// The sum of all durations.
    pub sum: Duration,
}

impl Histogram {
    /// How many durations there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| *count).sum()
    }
}
