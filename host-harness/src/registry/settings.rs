//! The settings of one function.

use std::fmt;
use std::time::Duration;

use crate::engine::Reuse;
use crate::invocation::access::{Callers, Ingress};
use crate::telemetry::LogLevel;

/// The settings of one function.
///
/// `None` stands for the host's setting, which is also the upper bound.
///
/// ```
/// use host_harness::{FunctionSettings, Ingress};
///
/// let mut settings = FunctionSettings::default();
/// settings.memory = Some(16 << 20);
/// settings.concurrency = Some(10);
/// settings.ingress = Ingress::Private;
/// settings.variables = vec![("API_KEY".into(), "secret".into())];
/// // Values of variables are not printed.
/// assert!(!format!("{settings:?}").contains("secret"));
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct FunctionSettings {
    /// The time until the function has answered, waiting included.
    pub timeout: Option<Duration>,
    /// The total time of an invocation that streams its response, waiting included.
    pub stream_timeout: Option<Duration>,
    /// The CPU time of an invocation.
    pub cpu_time: Option<Duration>,
    /// Which share of one processor an invocation may use at most, such as 0.5. The host pauses one that
    /// computes for longer.
    pub cpu_share: Option<f64>,
    /// The memory of an invocation, in bytes.
    pub memory: Option<usize>,
    /// How many linear memories an instance may have.
    pub memories: Option<u32>,
    /// How many invocations run at once. Further requests wait, and further calls by other functions are
    /// the error `overloaded`.
    pub concurrency: Option<u32>,
    /// How many requests wait; further ones are answered with 429.
    pub queue: Option<usize>,
    /// The longest body of a request, in bytes; a longer one is answered with 413. Unlimited if `None`.
    pub max_body: Option<u64>,
    /// The servers that the function may reach, as for [`Builder::allow_host`](crate::Builder::allow_host).
    /// An empty list allows none.
    pub allowed_hosts: Option<Vec<String>>,
    /// Variables, besides those of all functions; one of the same name replaces the host's.
    pub variables: Vec<(String, String)>,
    /// Who may invoke the function from outside.
    pub ingress: Ingress,
    /// Which functions may call it.
    pub callers: Callers,
    /// Whether requests may share an instance that is reset in between.
    pub reuse: Option<Reuse>,
    /// The lowest level of log records that are kept; `Some(None)` keeps none.
    pub min_level: Option<Option<LogLevel>>,
    /// What the function gets as its version; unless set, the start of the component's SHA-256.
    pub version: Option<String>,
    /// The SHA-256 that the component has to have. A file that differs is not loaded.
    pub digest: Option<[u8; 32]>,
    /// Whether the `authorization` header of a request with a valid token reaches the function.
    pub pass_authorization: bool,
}

/// Shows variables by name only, since a value may be a secret.
impl fmt::Debug for FunctionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.iter().map(|(name, _)| name).collect();
        f.debug_struct("FunctionSettings")
            .field("timeout", &self.timeout)
            .field("stream_timeout", &self.stream_timeout)
            .field("cpu_time", &self.cpu_time)
            .field("cpu_share", &self.cpu_share)
            .field("memory", &self.memory)
            .field("memories", &self.memories)
            .field("concurrency", &self.concurrency)
            .field("queue", &self.queue)
            .field("max_body", &self.max_body)
            .field("allowed_hosts", &self.allowed_hosts)
            .field("variables", &names)
            .field("ingress", &self.ingress)
            .field("callers", &self.callers)
            .field("reuse", &self.reuse)
            .field("min_level", &self.min_level)
            .field("version", &self.version)
            .field("pass_authorization", &self.pass_authorization)
            .finish_non_exhaustive()
    }
}
