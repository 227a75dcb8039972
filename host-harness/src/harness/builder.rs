use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};

use crate::compile::CompilerProcess;
use crate::engine::{Reuse, Setup};
use crate::gateway::{Deferral, Middleware, Next, TokenVerifier};
use crate::limits::Limits;
use crate::message::body::Body;
use crate::outbound::HostOverrides;
use crate::telemetry::{LogLevel, Output, Record, stderr};
use crate::wit::HostInterface;

/// The components whose compiled code is never evicted; see [`Builder::keep_compiled`].
pub(super) type KeptComponents = Arc<dyn Fn() -> Option<Vec<[u8; 32]>> + Send + Sync>;

/// The settings of a [`Harness`](crate::Harness).
#[must_use]
pub struct Builder {
    pub(super) functions: Vec<(String, PathBuf)>,
    pub(super) private: Vec<String>,
    pub(super) public_url: Option<String>,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) limits: Limits,
    pub(super) reuse: Option<Reuse>,
    pub(super) function_reuse: Vec<(String, Reuse)>,
    pub(super) setup: Setup,
    pub(super) cache: Option<PathBuf>,
    pub(super) cache_size: Option<u64>,
    pub(super) keep_compiled: Option<KeptComponents>,
    pub(super) compiler: Option<CompilerProcess>,
    pub(super) allowed_hosts: Vec<String>,
    pub(super) authorities: Vec<PathBuf>,
    pub(super) names: HostOverrides,
    pub(super) variables: Vec<(String, String)>,
    pub(super) output: Output,
    pub(super) interfaces: Vec<Arc<dyn HostInterface>>,
    pub(super) tokens: Option<Arc<dyn TokenVerifier>>,
    pub(super) middleware: Option<Arc<dyn Middleware>>,
    pub(super) deferral: Option<Arc<dyn Deferral>>,
}

/// What functions print reaches a log and never a terminal. Without this variable, common loggers such as
/// `tracing_subscriber::fmt` color each line.
const DEFAULT_VARIABLES: [(&str, &str); 1] = [("NO_COLOR", "1")];

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            functions: Vec::new(),
            private: Vec::new(),
            public_url: None,
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
            reuse: None,
            function_reuse: Vec::new(),
            setup: Setup::default(),
            cache: None,
            cache_size: None,
            keep_compiled: None,
            compiler: None,
            allowed_hosts: Vec::new(),
            authorities: Vec::new(),
            names: HostOverrides::new(),
            variables: DEFAULT_VARIABLES.map(owned).into(),
            output: Output {
                sink: Arc::new(stderr::sink(stderr::Format::Text)),
                min_level: Some(LogLevel::Info),
                max_records: Limits::default().log_records,
                max_bytes: Limits::default().log_bytes,
            },
            interfaces: Vec::new(),
            tokens: None,
            middleware: None,
            deferral: None,
        }
    }

    /// Adds an interface that functions may import, besides the contract's and WASI 0.2.
    pub fn interface(mut self, interface: impl HostInterface) -> Self {
        self.interfaces.push(Arc::new(interface));
        self
    }

    /// Sets what knows the tokens of clients. It is asked for every request that carries
    /// `Authorization: Bearer TOKEN`; see [`Ingress`](crate::Ingress).
    pub fn token_verifier(mut self, verifier: impl TokenVerifier) -> Self {
        self.tokens = Some(Arc::new(verifier));
        self
    }

    /// Sets what every request from outside passes first, and its response last. Calls between functions
    /// do not pass it. There is one: a later one replaces an earlier one.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let harness = host_harness::Harness::builder()
    ///     .function("ping", "ping.wasm")
    ///     .middleware(|request, next| async move {
    ///         let path = request.uri().path().to_owned();
    ///         let response = next.run(request).await;
    ///         println!("{path}: {}", response.status());
    ///         response
    ///     })
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn middleware<F, R>(mut self, middleware: F) -> Self
    where
        F: Fn(Request<Body>, Next) -> R + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send + 'static,
    {
        self.middleware = Some(Arc::new(middleware));
        self
    }

    /// Sets what takes requests over whose clients do not wait for the function, since they prefer
    /// `respond-async` (RFC 7240). It also answers everything below `/-/`. Without it, such a preference
    /// means nothing.
    pub fn deferral(mut self, deferral: impl Deferral) -> Self {
        self.deferral = Some(Arc::new(deferral));
        self
    }

    /// Limits the functions that are loaded at once; see [`Limits::loaded_functions`].
    pub fn loaded_functions(mut self, functions: u32) -> Self {
        self.limits.loaded_functions = functions;
        self
    }

    /// Serves a component from a file at `/NAME`.
    pub fn function(mut self, name: impl Into<String>, file: impl Into<PathBuf>) -> Self {
        self.functions.push((name.into(), file.into()));
        self
    }

    /// Makes a function callable by other functions only. For clients there is no function of that name.
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

    /// Sets the URL under which clients reach the host, such as `https://example.com`. Functions that ask
    /// for their URLs get it. Unless set, it is the address that the host listens on.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// Believes the reverse proxies of a network, such as `10.0.0.0/8` or `127.0.0.1`, about the clients whose
    /// requests they pass on. May be called several times.
    ///
    /// A function's peer address is then what `Forwarded` (RFC 7239) or `X-Forwarded-For` says: the address
    /// furthest to the right that is not a trusted proxy's, with port 0 if it has none. The proxy's own
    /// address counts if that is not an address, or if the two headers differ. `X-Request-Id` becomes the
    /// request's id in logs and problem documents: up to 128 letters, digits and `-._~:/+=@`.
    ///
    /// Unless set, and in requests from elsewhere, these headers mean nothing to the host.
    pub fn trusted_proxy(mut self, network: impl Into<String>) -> Self {
        self.trusted_proxies.push(network.into());
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

    /// Sets whether a request may run in an instance that has run others of the same function.
    pub fn reuse(mut self, reuse: Reuse) -> Self {
        self.reuse = Some(reuse);
        self
    }

    /// Sets the reuse of one function's instances, overriding [`reuse`](Self::reuse).
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

    /// Sets how often a reset is verified; see [`Limits::verify_reuse`].
    pub fn verify_reuse(mut self, one_of: u32) -> Self {
        self.limits.verify_reuse = one_of;
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

    /// Caches compiled functions in a folder. Without a cache, each host compiles all of its functions
    /// when it starts. Several hosts may share a folder, even at the same time.
    ///
    /// Cached files run as machine code. So the folder has to belong to this user, and nobody else may
    /// write to it; it is created if it is missing. If the folder cannot be used, functions are compiled
    /// and the log says why.
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

    /// Limits the bytes that the cache stores besides the code of this host's functions, 1 GiB unless set.
    ///
    /// Beyond it, the files that no host has loaded for longest are deleted. So are those that no host
    /// has loaded for 30 days. The code of functions that this host serves is never deleted and does not
    /// count.
    pub fn cache_size(mut self, bytes: u64) -> Self {
        self.cache_size = Some(bytes);
        self
    }

    /// Keeps the compiled code of further components in the cache, as if this host served them. `digests`
    /// returns the SHA-256 of each, or `None` if they are not known now; then the cache deletes nothing.
    ///
    /// For functions that are deployed after the host is built. `digests` is called on threads that may
    /// block, before the cache deletes files.
    pub fn keep_compiled(
        mut self,
        digests: impl Fn() -> Option<Vec<[u8; 32]>> + Send + Sync + 'static,
    ) -> Self {
        self.keep_compiled = Some(Arc::new(digests));
        self
    }

    /// Compiles each component in a separate process, within limits of CPU time, memory and time.
    ///
    /// Without it, this process compiles. The limits on the nesting of components still apply, but the
    /// author of a component can make its compilation slow.
    pub fn compiler(mut self, process: CompilerProcess) -> Self {
        self.compiler = Some(process);
        self
    }

    /// Lets functions reach a server: `HOST`, `HOST:PORT`, `*.DOMAIN` or `*`.
    ///
    /// Without any rule, functions reach every server with a public address. With rules, they reach only
    /// the servers that a rule names. A server named in full may have a private or local address. `*`
    /// stands for all public ones.
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

    /// Trusts the certificate authorities of a PEM file, besides those that browsers trust, for functions'
    /// requests over TLS.
    pub fn ca_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.authorities.push(file.into());
        self
    }

    /// Overrides the address of a name for functions' requests; port 0 stands for the request's port.
    /// Further calls add addresses.
    ///
    /// For tests, whose own servers replace real ones. Whether functions may reach the name is decided as
    /// for any other:
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

    /// Sets a variable of all functions, for `WebEnvironment::variable` and `std::env::var`. A later value
    /// of the same name replaces an earlier one, also that of `NO_COLOR`, which is `1` by default.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
        self
    }

    /// The former name of [`env`](Self::env).
    #[deprecated(note = "renamed to `env`")]
    pub fn variable(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env(name, value)
    }

    /// Sends what functions print and log to `sink`, instead of this process's standard error.
    ///
    /// `sink` is called on the thread that runs the function, which waits for it, so it should not block.
    /// If it panics, the record is lost and the function continues. Standard error, the default, is
    /// written by a separate thread.
    pub fn output_sink(mut self, sink: impl Fn(Record) + Send + Sync + 'static) -> Self {
        self.output.sink = Arc::new(sink);
        self
    }

    /// The former name of [`output_sink`](Self::output_sink).
    #[deprecated(note = "renamed to `output_sink`")]
    pub fn output(self, sink: impl Fn(Record) + Send + Sync + 'static) -> Self {
        self.output_sink(sink)
    }

    /// Shows `observer` what functions print and log, before the [`output_sink`](Self::output_sink) gets it.
    ///
    /// Set the sink first: it replaces both. What is said there of `sink` applies to `observer` too.
    pub fn observe_output(mut self, observer: impl Fn(&Record) + Send + Sync + 'static) -> Self {
        let sink = self.output.sink;
        self.output.sink = Arc::new(move |record| {
            observer(&record);
            sink(record);
        });
        self
    }

    /// Sets the lowest level of log records that are kept, [`LogLevel::Info`] unless set; `None` keeps
    /// none. Printed lines are always kept.
    pub fn min_level(mut self, level: impl Into<Option<LogLevel>>) -> Self {
        self.output.min_level = level.into();
        self
    }

    /// The former name of [`min_level`](Self::min_level).
    #[deprecated(note = "renamed to `min_level`")]
    pub fn log_level(self, level: impl Into<Option<LogLevel>>) -> Self {
        self.min_level(level)
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("functions", &self.functions)
            .field("private", &self.private)
            .field("public_url", &self.public_url)
            .field("trusted_proxies", &self.trusted_proxies)
            .field("limits", &self.limits)
            .field("cache", &self.cache)
            .field("compiler", &self.compiler)
            .field("allowed_hosts", &self.allowed_hosts)
            .finish_non_exhaustive()
    }
}
