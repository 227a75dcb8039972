//! The settings of a host, before it is built.

mod compiling;
mod egress;
#[cfg(feature = "testing")]
mod fakes;
mod functions;
mod limits;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use http::{Request, Response};

use crate::compile::CompilerProcess;
use crate::engine::{Reuse, Setup};
use crate::gateway::{CallTargets, Deferral, Middleware, Next, TokenVerifier};
use crate::limits::Limits;
use crate::message::body::Body;
use crate::outbound::HostOverrides;
use crate::registry::FunctionSettings;
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
    pub(super) function_settings: HashMap<String, FunctionSettings>,
    pub(super) setup: Setup,
    pub(super) cache: Option<PathBuf>,
    pub(super) cache_size: Option<u64>,
    pub(super) keep_compiled: Option<KeptComponents>,
    pub(super) compiler: Option<CompilerProcess>,
    pub(super) allowed_hosts: Vec<String>,
    pub(super) own_servers: Vec<std::net::SocketAddr>,
    pub(super) authorities: Vec<PathBuf>,
    pub(super) names: HostOverrides,
    pub(super) variables: Vec<(String, String)>,
    pub(super) output: Output,
    pub(super) interfaces: Vec<Arc<dyn HostInterface>>,
    pub(super) tokens: Option<Arc<dyn TokenVerifier>>,
    pub(super) middleware: Option<Arc<dyn Middleware>>,
    pub(super) deferral: Option<Arc<dyn Deferral>>,
    pub(super) call_targets: Option<Arc<dyn CallTargets>>,
    #[cfg(feature = "testing")]
    pub(super) fakes: fakes::HostFakes,
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
            function_settings: HashMap::new(),
            setup: Setup::default(),
            cache: None,
            cache_size: None,
            keep_compiled: None,
            compiler: None,
            allowed_hosts: Vec::new(),
            own_servers: Vec::new(),
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
            call_targets: None,
            #[cfg(feature = "testing")]
            fakes: fakes::HostFakes::default(),
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

    /// Sets what answers calls whose target is not the name of a function, such as
    /// `worker:counters/w1`. Without it, there is no such target.
    pub fn call_targets(mut self, targets: impl CallTargets) -> Self {
        self.call_targets = Some(Arc::new(targets));
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
