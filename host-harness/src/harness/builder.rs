use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::compile::CompilerProcess;
use crate::engine::{Reuse, Setup};
use crate::limits::Limits;
use crate::outbound::HostOverrides;
use crate::telemetry::{Format, LogLevel, Output, Record, to_stderr};
use crate::wit::HostInterface;

/// Sets up a [`Harness`](crate::Harness).
#[must_use]
pub struct Builder {
    pub(super) functions: Vec<(String, PathBuf)>,
    pub(super) private: Vec<String>,
    pub(super) public_url: Option<String>,
    pub(super) limits: Limits,
    pub(super) reuse: Option<Reuse>,
    pub(super) function_reuse: Vec<(String, Reuse)>,
    pub(super) setup: Setup,
    pub(super) cache: Option<PathBuf>,
    pub(super) compiler: Option<CompilerProcess>,
    pub(super) allowed_hosts: Vec<String>,
    pub(super) authorities: Vec<PathBuf>,
    pub(super) names: HostOverrides,
    pub(super) variables: Vec<(String, String)>,
    pub(super) output: Output,
    pub(super) interfaces: Vec<Arc<dyn HostInterface>>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            functions: Vec::new(),
            private: Vec::new(),
            public_url: None,
            limits: Limits::default(),
            reuse: None,
            function_reuse: Vec::new(),
            setup: Setup::default(),
            cache: None,
            compiler: None,
            allowed_hosts: Vec::new(),
            authorities: Vec::new(),
            names: HostOverrides::new(),
            variables: Vec::new(),
            output: Output {
                sink: Arc::new(to_stderr(Format::Text)),
                least_level: Some(LogLevel::Info),
                max_records: Limits::default().log_records,
                max_bytes: Limits::default().log_bytes,
            },
            interfaces: Vec::new(),
        }
    }

    /// Adds an interface that functions may import, besides those of the contract and WASI 0.2.
    pub fn interface(mut self, interface: impl HostInterface) -> Self {
        self.interfaces.push(Arc::new(interface));
        self
    }

    /// Serves a component from a file at `/NAME`.
    pub fn function(mut self, name: impl Into<String>, file: impl Into<PathBuf>) -> Self {
        self.functions.push((name.into(), file.into()));
        self
    }

    /// Keeps a function to the other ones: they call it by its name, and to requests from outside
    /// there is none of that name.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let harness = host_harness::Harness::builder()
    ///     .function("front", "front.wasm")
    ///     .function("resizer", "resizer.wasm")
    ///     .private("resizer")
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn private(mut self, name: impl Into<String>) -> Self {
        self.private.push(name.into());
        self
    }

    /// Where the host is reached from outside, such as `https://example.com`: what functions learn
    /// that ask for their URLs. Unless set, the address that it listens on.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// Replaces all the limits at once.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How long an invocation may take until the function has answered, waiting included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = timeout;
        self
    }

    /// How long an invocation may take as a whole that streams its response, waiting included.
    pub fn stream_timeout(mut self, timeout: Duration) -> Self {
        self.limits.stream_timeout = timeout;
        self
    }

    /// How long a client may take nothing of a response that waits for it.
    pub fn client_timeout(mut self, timeout: Duration) -> Self {
        self.limits.client_timeout = timeout;
        self
    }

    /// How long a connection may be open before its first request's head is complete; see
    /// [`Limits::head_timeout`].
    pub fn head_timeout(mut self, timeout: Duration) -> Self {
        self.limits.head_timeout = timeout;
        self
    }

    /// How long a connection may be open between two requests.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.limits.idle_timeout = timeout;
        self
    }

    /// How long an invocation may compute.
    pub fn cpu_time(mut self, cpu_time: Duration) -> Self {
        self.limits.cpu_time = cpu_time;
        self
    }

    /// The most memory an invocation may have, in bytes.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.limits.memory = bytes;
        self
    }

    /// Ends the process where a thread does not come back from a function; see [`Limits::watchdog`].
    pub fn watchdog(mut self, after: Duration) -> Self {
        self.limits.watchdog = Some(after);
        self
    }

    /// How many linear memories a function may have; see [`Limits::memories`].
    pub fn memories(mut self, memories: u32) -> Self {
        self.limits.memories = memories;
        self
    }

    /// How many requests may be answered at once, and how many may wait for that; see [`Limits`].
    pub fn concurrency(mut self, running: u32, waiting: usize) -> Self {
        self.limits.concurrency = running;
        self.limits.queue = waiting;
        self
    }

    /// How many requests to other servers all functions together may have under way; see
    /// [`Limits::outbound`].
    pub fn outbound(mut self, requests: u32) -> Self {
        self.limits.outbound = requests;
        self
    }

    /// How many bytes the host holds of bodies that functions gave by value; see
    /// [`Limits::body_memory`].
    pub fn body_memory(mut self, bytes: usize) -> Self {
        self.limits.body_memory = bytes;
        self
    }

    /// How many instances may wait for the next request; see [`Limits::idle_instances`].
    pub fn idle_instances(mut self, instances: u32) -> Self {
        self.limits.idle_instances = instances;
        self
    }

    /// Whether requests may be answered by an instance that has answered others of the same function.
    pub fn reuse(mut self, reuse: Reuse) -> Self {
        self.reuse = Some(reuse);
        self
    }

    /// The same for one function, whatever the others have.
    ///
    /// ```no_run
    /// use host_harness::{Harness, Reuse};
    ///
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let harness = Harness::builder()
    ///     .function("ours", "ours.wasm")
    ///     .function("theirs", "theirs.wasm")
    ///     .function_reuse("theirs", Reuse::Never)
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn function_reuse(mut self, name: impl Into<String>, reuse: Reuse) -> Self {
        self.function_reuse.insert(0, (name.into(), reuse));
        self
    }

    /// How often a reset is verified; see [`Limits::verify_reuse`].
    pub fn verify_reuse(mut self, one_of: u32) -> Self {
        self.limits.verify_reuse = one_of;
        self
    }

    /// How many calls within calls there may be; see [`Limits::depth`].
    pub fn depth(mut self, calls: u32) -> Self {
        self.limits.depth = calls;
        self
    }

    /// How many records of what an invocation prints and logs are kept, and how many bytes their texts
    /// may have; see [`Limits::log_records`].
    pub fn log_limits(mut self, records: usize, bytes: usize) -> Self {
        self.limits.log_records = records;
        self.limits.log_bytes = bytes;
        self
    }

    /// Keeps compiled functions in a folder, where the next host finds them: without it, each compiles
    /// all of its functions when it starts. Several hosts may share one at a time.
    ///
    /// What is found there runs as machine code. So the folder has to be this user's, and nobody else
    /// may write to it; it is made so if it is missing. With one that cannot be used the functions are
    /// compiled, and the log says why.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let harness = host_harness::Harness::builder()
    ///     .function("ping", "ping.wasm")
    ///     .cache("/var/cache/my-service")
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Compiles each component in a process of its own, within limits of CPU time, memory and time.
    /// Without it, this process compiles: whoever writes the components can make that take long, but
    /// for the limits on how deeply their parts nest.
    pub fn compiler(mut self, process: CompilerProcess) -> Self {
        self.compiler = Some(process);
        self
    }

    /// Lets functions reach a server: `HOST`, `HOST:PORT`, `*.DOMAIN` or `*`.
    ///
    /// Without any, functions reach every server with a public address. With some, they reach those
    /// only; one that is named in full also where its address is private or this machine's own. `*`
    /// stands for all the public ones.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let harness = host_harness::Harness::builder()
    ///     .function("proxy", "proxy.wasm")
    ///     .allow_host("*")
    ///     .allow_host("127.0.0.1:9000")
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.allowed_hosts.push(host.into());
        self
    }

    /// Trusts the certificate authorities of a PEM file, besides those that browsers trust: functions
    /// reach servers over TLS whose certificates come from one of them.
    pub fn ca_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.authorities.push(file.into());
        self
    }

    /// Makes a name lead to an address, which functions then reach under it; port 0 is that of each
    /// request. Called again, it adds an address.
    ///
    /// For tests, whose own servers stand in for others. Whether functions may reach it is decided
    /// as for any other name:
    ///
    /// ```no_run
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    /// let harness = host_harness::Harness::builder()
    ///     .function("weather", "weather.wasm")
    ///     .resolve("api.weather.example", server.local_addr().unwrap())
    ///     .allow_host("api.weather.example")
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn resolve(mut self, name: impl Into<String>, address: SocketAddr) -> Self {
        self.names.push((name.into(), address));
        self
    }

    /// Sets a variable of the functions: `WebEnvironment::variable`, and `std::env::var`. The last
    /// value of a name counts.
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
        self
    }

    /// Where what functions print and log goes, instead of this process's standard error.
    ///
    /// Called from the thread that runs the function, which waits for it: it should not block. If it
    /// panics, the record is lost and the function goes on. Standard error, unless set, is written to
    /// by a thread of its own.
    pub fn output(mut self, sink: impl Fn(Record) + Send + Sync + 'static) -> Self {
        self.output.sink = Arc::new(sink);
        self
    }

    /// The least level that a function's log records are kept from, [`LogLevel::Info`] unless set;
    /// `None` keeps none. What functions print is kept in any case.
    pub fn log_level(mut self, least: impl Into<Option<LogLevel>>) -> Self {
        self.output.least_level = least.into();
        self
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("functions", &self.functions)
            .field("private", &self.private)
            .field("public_url", &self.public_url)
            .field("limits", &self.limits)
            .field("cache", &self.cache)
            .field("compiler", &self.compiler)
            .field("allowed_hosts", &self.allowed_hosts)
            .finish_non_exhaustive()
    }
}
