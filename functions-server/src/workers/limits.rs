use std::time::Duration;

/// The limits of workers.
#[derive(Debug, Clone)]
pub(crate) struct WorkerLimits {
    /// What the memories of a new worker may have together, in bytes.
    pub(crate) memory: u64,
    /// The CPU time of an invocation.
    pub(crate) cpu_time: Duration,
    /// The length of a worker's journal, in bytes.
    pub(crate) journal: u64,
    /// How many invocations of a worker may wait.
    pub(crate) queue: usize,
    /// After how long without an invocation a worker is unloaded.
    pub(crate) idle: Duration,
    /// How long a sleep has to be for which a worker is unloaded.
    pub(crate) suspend_after: Duration,
    /// After how many bytes of journal a worker is saved, if its component does that. 0: never.
    pub(crate) snapshot_after: u64,
    /// How many results of a worker are kept.
    pub(crate) keys: u64,
}

impl Default for WorkerLimits {
    fn default() -> Self {
        Self {
            memory: 256 << 20,
            cpu_time: Duration::from_secs(30),
            journal: 256 << 20,
            queue: 10_000,
            idle: Duration::from_secs(60),
            suspend_after: Duration::from_secs(10),
            snapshot_after: 256 << 10,
            keys: 1_000_000,
        }
    }
}
