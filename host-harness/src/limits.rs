use std::fmt;
use std::time::Duration;

use crate::telemetry::MAX_DEPTH;

/// A time that is as good as forever. Longer ones could overflow an `Instant`.
pub(crate) const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// The longest component, in bytes. Components that embed a language runtime have some 40 MiB.
pub(crate) const MAX_COMPONENT: u64 = 256 << 20;

/// Limits of an invocation, and of how many there may be at once.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// The time until a function has answered, waiting included.
    pub timeout: Duration,
    /// The total time of an invocation that streams its response, waiting included. Replaces `timeout`
    /// from the start of the response.
    pub stream_timeout: Duration,
    /// Closes a connection when the client has read nothing of a waiting response for this long.
    pub client_timeout: Duration,
    /// The time from a connection's opening to its first complete request head. Over HTTP/1, also the time
    /// from a later head's first byte to its last.
    pub head_timeout: Duration,
    /// The time between two requests on a connection.
    pub idle_timeout: Duration,
    /// The CPU time of an invocation.
    pub cpu_time: Duration,
    /// The memory of an invocation, in bytes.
    pub memory: usize,
    /// The most memory that a function's own setting may allow, in bytes; `memory` if that is more.
    pub max_memory: usize,
    /// The number of linear memories of a function; compilers make one. Each takes a slot of
    /// `concurrency`, so a function with four counts as four requests.
    pub memories: u32,
    /// Ends the process if one poll of an invocation takes this long, since the host or its embedder hangs
    /// there. A poll usually takes milliseconds. `None` never ends the process.
    pub watchdog: Option<Duration>,
    /// How many requests run at once; each has a reserved slot in the pool.
    ///
    /// If functions can make calls, calls have slots too: as many for the first depth, and half as many
    /// for each further depth.
    pub concurrency: u32,
    /// How many requests wait for a slot, and how many calls of each depth; more are refused, requests
    /// with 429.
    pub queue: usize,
    /// How many requests to other servers are in flight, of all functions together. Each counts until its
    /// response's body has ended or is dropped. Further ones wait, within their own deadline.
    pub outbound: u32,
    /// How many bytes the host holds of bodies that functions give by value, all functions together.
    ///
    /// These are bodies of their requests, calls and responses, until they are sent or read. Bodies of up to
    /// 64 KiB do not count. A request, call or response over the limit fails as `overloaded`.
    pub body_memory: usize,
    /// The longest body of a request or call, in bytes; unlimited if `None`. A function's own limit replaces
    /// it, and may not be higher.
    pub max_body: Option<u64>,
    /// How many idle instances wait for the next request to their function, for a second or two.
    ///
    /// They are reset to their initial state first. With 0, every request gets a new instance, in about
    /// twice the time.
    pub idle_instances: u32,
    /// How many functions are loaded at once. Beyond that, those that nobody has called for longest are
    /// unloaded, except those in use, and loaded again by their next request.
    pub loaded_functions: u32,
    /// One of this many resets of an instance or memory is verified; 0 verifies none.
    ///
    /// Verification compares all mapped memory and the globals with a new instance's. A difference ends
    /// the process.
    pub verify_reuse: u32,
    /// How many calls may be nested: at most 16; 0 allows no calls.
    pub depth: u32,
    /// How many records of an invocation's output and log are kept. Its last record counts the rest.
    pub log_records: usize,
    /// How many bytes the texts of these records may have.
    pub log_bytes: usize,
}

impl Limits {
    /// The defaults of a multi-tenant host: one memory, no idle instances, 1000 records and 64 KiB of log.
    ///
    /// Higher values of these are refused there; see
    /// [`Builder::multi_tenant`](crate::Builder::multi_tenant).
    #[must_use]
    pub fn multi_tenant() -> Self {
        Self {
            memories: 1,
            idle_instances: 0,
            log_records: 1000,
            log_bytes: 64 * 1024,
            ..Self::default()
        }
    }

    /// The most memory that any function may have.
    pub(crate) fn most_memory(&self) -> usize {
        self.memory.max(self.max_memory)
    }

    /// Fails for the first limit that is too small to do anything; the error says what to set instead.
    pub(crate) fn check(&self) -> Result<(), String> {
        let default = Self::default();
        for (name, time, instead) in [
            ("timeout", self.timeout, default.timeout),
            (
                "stream_timeout",
                self.stream_timeout,
                default.stream_timeout,
            ),
            (
                "client_timeout",
                self.client_timeout,
                default.client_timeout,
            ),
            ("head_timeout", self.head_timeout, default.head_timeout),
            ("idle_timeout", self.idle_timeout, default.idle_timeout),
            ("cpu_time", self.cpu_time, default.cpu_time),
        ] {
            not_zero(name, time.is_zero(), format_args!("such as {instead:?}"))?;
        }
        let watchdog = self.watchdog.is_some_and(|after| after.is_zero());
        not_zero("watchdog", watchdog, format_args!("such as 30s, or None"))?;
        not_zero(
            "memory",
            self.memory == 0,
            format_args!("such as {} bytes", default.memory),
        )?;
        for (name, number, instead) in [
            ("memories", self.memories, default.memories),
            ("concurrency", self.concurrency, default.concurrency),
            ("outbound", self.outbound, default.outbound),
            (
                "loaded_functions",
                self.loaded_functions,
                default.loaded_functions,
            ),
        ] {
            not_zero(name, number == 0, format_args!("such as {instead}"))?;
        }
        Ok(())
    }
}

pub(crate) fn not_zero(
    name: &str,
    is_zero: bool,
    instead: fmt::Arguments<'_>,
) -> Result<(), String> {
    if is_zero {
        return Err(format!(
            "invalid limit {name}: it is zero; expected more, {instead}"
        ));
    }
    Ok(())
}

impl Default for Limits {
    /// 30 s, or 5 min for streamed responses, of which 10 s CPU time; 128 MiB in one linear memory; 1000
    /// requests at once, 4000 waiting; 1024 requests to other servers; 1 GiB of bodies; 256 idle
    /// instances; calls nested 16 deep; 10,000 records and 1 MiB of log.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            stream_timeout: Duration::from_secs(300),
            client_timeout: Duration::from_secs(60),
            head_timeout: Duration::from_secs(30),
            // Longer than the 60 s of common load balancers, so that they close first: a request that
            // crosses the host's close is lost.
            idle_timeout: Duration::from_secs(75),
            cpu_time: Duration::from_secs(10),
            memory: 128 * 1024 * 1024,
            max_memory: 0,
            memories: 1,
            watchdog: None,
            concurrency: 1000,
            queue: 4000,
            // One for each request at once, and some more. Each may need a connection, an open file and a
            // local port. With those of the clients, they fit into 4096 open files.
            outbound: 1024,
            // Eight bodies of the longest that a function's memory can hold.
            body_memory: 1024 * 1024 * 1024,
            max_body: None,
            // Each has about 100 KiB. Each thread needs one of every function it runs.
            idle_instances: 256,
            // Small ones have about 100 KiB of code each.
            loaded_functions: 1000,
            verify_reuse: if cfg!(debug_assertions) { 1 } else { 1000 },
            depth: MAX_DEPTH,
            log_records: 10_000,
            log_bytes: 1024 * 1024,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A limit of zero is refused by name, unless zero is a valid setting.
    #[test]
    fn zero_is_refused_unless_it_is_valid() {
        macro_rules! zero {
            ($($limit:ident: $zero:expr),*) => {
                [$((stringify!($limit), Limits { $limit: $zero, ..Limits::default() })),*]
            };
        }
        for (name, limits) in zero! {
            timeout: Duration::ZERO,
            stream_timeout: Duration::ZERO,
            client_timeout: Duration::ZERO,
            head_timeout: Duration::ZERO,
            idle_timeout: Duration::ZERO,
            cpu_time: Duration::ZERO,
            watchdog: Some(Duration::ZERO),
            memory: 0,
            memories: 0,
            concurrency: 0,
            outbound: 0,
            loaded_functions: 0
        } {
            let refused = limits.check().unwrap_err();
            let expected = format!("invalid limit {name}: it is zero; expected more, such as ");
            assert!(refused.starts_with(&expected), "{refused}");
        }
        let none = Limits {
            queue: 0,
            body_memory: 0,
            max_memory: 0,
            max_body: Some(0),
            idle_instances: 0,
            verify_reuse: 0,
            depth: 0,
            log_records: 0,
            log_bytes: 0,
            ..Limits::default()
        };
        assert_eq!(none.check(), Ok(()));
        assert_eq!(Limits::default().check(), Ok(()));
    }
}
