use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use crate::engine::{Engine, Limits, Wasm};
use crate::gateway::{self, Gateway, Server};
use crate::interfaces::body::Body;
use crate::interfaces::egress::Egress;
use crate::interfaces::http::{Names, Network};
use crate::registry::{self, LoadError, Registry};
use crate::telemetry::{Format, LogLevel, Output, Record, to_stderr};

/// A host of functions, in this process.
///
/// Cheap to clone: clones are the same host. It works on any flavour of tokio's runtime.
///
/// ```no_run
/// use host_harness::Harness;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let harness = Harness::builder().function("ping", "ping.wasm").build()?;
///
/// // Without a socket, in a test:
/// let response = harness.handle(http::Request::get("/ping").body(String::new())?).await;
/// assert_eq!(response.status(), 200);
///
/// // Over HTTP:
/// let server = harness.serve("127.0.0.1:0").await?;
/// println!("listening on http://{}", server.address());
/// server.shutdown(std::time::Duration::from_secs(30)).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Harness {
    gateway: Arc<Gateway>,
}

impl Harness {
    /// Begins with no function and the default [`Limits`].
    pub fn builder() -> Builder {
        Builder {
            functions: Vec::new(),
            private: Vec::new(),
            public_url: None,
            limits: Limits::default(),
            cache: None,
            allowed_hosts: Vec::new(),
            authorities: Vec::new(),
            names: Names::new(),
            variables: Vec::new(),
            output: Output {
                sink: Arc::new(to_stderr(Format::Text)),
                least_level: Some(LogLevel::Info),
            },
        }
    }

    /// Answers one request without a socket, as it would be answered over one: its path begins with
    /// the function's name.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        self.gateway.respond(parts, Body::new(body), None).await
    }

    /// Listens for HTTP/1 and HTTP/2; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on.
    pub async fn serve(&self, address: impl tokio::net::ToSocketAddrs) -> std::io::Result<Server> {
        Server::start(&self.gateway, address).await
    }
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.gateway.registry.names().collect();
        f.debug_struct("Harness")
            .field("functions", &names)
            .finish()
    }
}

/// Sets up a [`Harness`].
#[must_use]
pub struct Builder {
    functions: Vec<(String, PathBuf)>,
    private: Vec<String>,
    public_url: Option<String>,
    limits: Limits,
    cache: Option<PathBuf>,
    allowed_hosts: Vec<String>,
    authorities: Vec<PathBuf>,
    names: Names,
    variables: Vec<(String, String)>,
    output: Output,
}

impl Builder {
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

    /// How many requests may be answered at once, and how many may wait for that; see [`Limits`].
    pub fn concurrency(mut self, running: u32, waiting: usize) -> Self {
        self.limits.concurrency = running;
        self.limits.queue = waiting;
        self
    }

    /// How many calls within calls there may be; see [`Limits::depth`].
    pub fn depth(mut self, calls: u32) -> Self {
        self.limits.depth = calls;
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
    /// Called from the thread that runs the function, which waits for it.
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

    /// Reads and compiles the functions.
    ///
    /// # Errors
    ///
    /// When a file cannot be served as a function, a name is none or is given twice, a private
    /// function is none that is served, an allowed host or the public URL is none, a file has no
    /// certificate authority, or wasmtime does not start.
    pub fn build(self) -> Result<Harness, BuildError> {
        let egress = Egress::new(&self.allowed_hosts);
        let egress = egress.map_err(|invalid| BuildError::AllowHost(invalid.to_string()))?;
        let network = Network::new(egress, &self.authorities, &self.names);
        let network = network.map_err(|invalid| BuildError::CaFile(invalid.to_string()))?;
        let network = Arc::new(network);
        let base = self.public_url.as_deref().map(gateway::parse_base);
        let base = base.transpose().map_err(BuildError::PublicUrl)?;
        self.check_private()?;
        let mut functions = Vec::with_capacity(self.functions.len());
        for (name, file) in &self.functions {
            registry::check_name(name).map_err(BuildError::Name)?;
            functions.push((&**name, &**file, registry::read(file)?));
        }
        let engine = Engine::new(self.limits_for(&functions), self.cache.as_deref());
        let engine = engine.map_err(|error| BuildError::Engine(error.into()))?;
        let mut registry = Registry::default();
        for (name, file, wasm) in &functions {
            let output = self.output.clone();
            let variables = self.variables.clone();
            let read = (*file, wasm);
            let function = registry::load(&engine, name, read, variables, output, &network)?;
            if !registry.add(function, self.is_private(name)) {
                return Err(BuildError::Name(format!(
                    "two functions are named {name:?}"
                )));
            }
        }
        Ok(Harness {
            gateway: Arc::new(Gateway {
                engine,
                registry: Arc::new(registry),
                base: base.map(Arc::from),
            }),
        })
    }

    /// Without places for calls where no function could make one: most of the pool is theirs, and a
    /// system call each.
    fn limits_for(&self, functions: &[(&str, &Path, Wasm)]) -> Limits {
        let mut limits = self.limits.clone();
        if !functions.iter().any(|(_, _, wasm)| wasm.may_call()) {
            limits.depth = 0;
        }
        limits
    }

    fn is_private(&self, name: &str) -> bool {
        self.private.iter().any(|private| private == name)
    }

    fn check_private(&self) -> Result<(), BuildError> {
        let known: Vec<_> = self.functions.iter().map(|(name, _)| &**name).collect();
        let private = self.private.iter();
        match private
            .map(String::as_str)
            .find(|name| !known.contains(name))
        {
            None => Ok(()),
            Some(name) => Err(BuildError::Name(format!(
                "there is no function {name:?} to be private; there are: {}",
                known.join(", ")
            ))),
        }
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
            .field("allowed_hosts", &self.allowed_hosts)
            .finish_non_exhaustive()
    }
}

/// Why a [`Harness`] could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A file cannot be served as a function.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A function's name is none, or is given twice, or no function has it that is to be private.
    #[error("{0}")]
    Name(String),
    /// A host that functions are to reach is none; the text has the corrected form.
    #[error("{0}")]
    AllowHost(String),
    /// The public URL is none; the text says what it has to be.
    #[error("{0}")]
    PublicUrl(String),
    /// A file of certificate authorities is none; the text says what is wrong with it.
    #[error("{0}")]
    CaFile(String),
    /// Wasmtime does not start on this machine.
    #[error("wasmtime does not start")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}
