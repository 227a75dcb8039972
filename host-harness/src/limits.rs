use std::fmt;
use std::time::Duration;

use crate::telemetry::MAX_DEPTH;

/// A time as good as endless. Longer ones cannot be added to a moment.
pub(crate) const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// What bounds an invocation, and how many there may be at once.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// How long an invocation may take until the function has answered, waiting included.
    pub timeout: Duration,
    /// How long an invocation may take as a whole that streams its response, waiting included: from
    /// the moment on when it begins to, in the place of `timeout`.
    pub stream_timeout: Duration,
    /// How long a client may take nothing of a response that waits for it, before its connection is
    /// closed.
    pub client_timeout: Duration,
    /// How long a connection may be open before the first complete request head has arrived, and how
    /// long a later head may take from its first byte to its last over HTTP/1.
    pub head_timeout: Duration,
    /// How long a connection may be open between two requests.
    pub idle_timeout: Duration,
    /// How much of that it may spend computing.
    pub cpu_time: Duration,
    /// The most memory it may have, in bytes.
    pub memory: usize,
    /// How many linear memories a function may have; compilers make one. Each takes a slot of
    /// `concurrency`, so that a function with four counts as four requests.
    pub memories: u32,
    /// How long a thread may be in one poll of an invocation, which is a matter of milliseconds, until the
    /// process is ended: code of the host's, or of its embedder's, hangs there. None ends it never.
    pub watchdog: Option<Duration>,
    /// How many requests are answered at once; each has a place in the pool reserved. So have the
    /// calls that come of them, if a function can make any: as many again, and half as many with every
    /// further depth.
    pub concurrency: u32,
    /// How many requests wait for such a place, and how many calls of each depth for theirs; more are
    /// turned away, a request with 429.
    pub queue: usize,
    /// How many requests to other servers all functions together have under way, each until the body
    /// of its response has ended or is dropped; more wait, within their own time.
    pub outbound: u32,
    /// How many bytes the host holds of bodies that functions gave by value, in requests and calls of their
    /// own and in answers to such calls, until they are sent or read: of all functions together, bodies of
    /// up to 64 KiB not counted. A request or call with one more is `overloaded`.
    pub body_memory: usize,
    /// How many instances wait for the next request to their function, made as they were when they were
    /// new, for a second or two. With 0, each request is answered by one that is made for it, in about
    /// twice the time.
    pub idle_instances: u32,
    /// One of so many resets of an instance or a memory is verified: all that is mapped of the memory is
    /// compared with what a new instance has, and so are the globals. A difference ends the process. With
    /// 0, none is.
    pub verify_reuse: u32,
    /// How many calls within calls there may be: 16 at most, and none with 0.
    pub depth: u32,
    /// How many records of what an invocation prints and logs are kept; the rest is counted in one
    /// record at its end.
    pub log_records: usize,
    /// How many bytes the texts of these records may have.
    pub log_bytes: usize,
}

impl Limits {
    /// The defaults of a host on which strangers deploy: one memory, no instance that waits, 1000 records
    /// and 64 KiB of log. More of these is refused there; see
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

    /// The first one that nothing could be done within, and what to give instead.
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
    /// 30 s, or 5 min for one that streams; of which 10 s computing; 128 MiB, in one
    /// linear memory; 1000 at once, 4000 waiting; 1024
    /// requests to other servers; 1 GiB of bodies; 256 instances that wait; calls 16 deep;
    /// 10,000 records and 1 MiB of log.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            stream_timeout: Duration::from_secs(300),
            client_timeout: Duration::from_secs(60),
            head_timeout: Duration::from_secs(30),
            // Longer than the 60 s of common load balancers, which are to be the ones that close:
            // a request that crosses the host's close is lost.
            idle_timeout: Duration::from_secs(75),
            cpu_time: Duration::from_secs(10),
            memory: 128 * 1024 * 1024,
            memories: 1,
            watchdog: None,
            concurrency: 1000,
            queue: 4000,
            // One for each that is answered at once, and some. Each may be a connection, and so an
            // open file and a local port: with those of the clients it fits where there are 4096.
            outbound: 1024,
            // Eight of the longest that the memory of a function has room for.
            body_memory: 1024 * 1024 * 1024,
            // Of 100 KiB each, as a rule; and of one function, each thread needs one.
            idle_instances: 256,
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

    /// A limit of nothing is refused by its name, unless it says that there is to be nothing.
    #[test]
    fn senseless_zeros_are_refused() {
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
            outbound: 0
        } {
            let refused = limits.check().unwrap_err();
            let expected = format!("invalid limit {name}: it is zero; expected more, such as ");
            assert!(refused.starts_with(&expected), "{refused}");
        }
        let none = Limits {
            queue: 0,
            body_memory: 0,
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
