use std::time::Duration;

/// What bounds an invocation, and how many there may be at once.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// How long an invocation may take until the function has answered, waiting included.
    pub timeout: Duration,
    /// How long an invocation may take as a whole that streams its response, waiting included: from
    /// the moment on when it begins to, in the place of `timeout`.
    pub stream_timeout: Duration,
    /// How much of that it may spend computing.
    pub cpu_time: Duration,
    /// The most memory it may have, in bytes.
    pub memory: usize,
    /// How many invocations run at once; each has a place in the pool reserved.
    pub concurrency: u32,
    /// How many requests wait for such a place; more are answered with 429.
    pub queue: usize,
}

impl Default for Limits {
    /// 30 s, or 5 min for one that streams; of which 10 s computing; 128 MiB; 1000 at once, 4000 waiting.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            stream_timeout: Duration::from_secs(300),
            cpu_time: Duration::from_secs(10),
            memory: 128 * 1024 * 1024,
            concurrency: 1000,
            queue: 4000,
        }
    }
}
