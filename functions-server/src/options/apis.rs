use std::time::Duration;

/// How Serverledge's API is served, and what the node has for it.
///
/// ```
/// use functions_server::ServerledgeOptions;
///
/// let options = ServerledgeOptions::default().memory_mb(4096).cpus(2.0);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ServerledgeOptions {
    pub(crate) memory: u64,
    pub(crate) cpus: f64,
    pub(crate) expiration: Duration,
    pub(crate) hosts: Vec<String>,
    pub(crate) is_open: bool,
    pub(crate) fetches: bool,
    pub(crate) node: String,
}

impl Default for ServerledgeOptions {
    /// 1024 MB, all processors, and 10 minutes.
    fn default() -> Self {
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            memory: 1024,
            cpus: cpus as f64,
            expiration: Duration::from_secs(600),
            hosts: Vec::new(),
            is_open: false,
            fetches: false,
            node: "functions".to_owned(),
        }
    }
}

impl ServerledgeOptions {
    /// Sets the memory of the node, in MB: the sum of the `MemoryMB` of instances.
    pub fn memory_mb(mut self, memory: u64) -> Self {
        self.memory = memory;
        self
    }

    /// Sets the processors of the node: the sum of the `CPUDemand` of running instances.
    pub fn cpus(mut self, cpus: f64) -> Self {
        self.cpus = cpus;
        self
    }

    /// Sets how long a warm instance is kept after its last use.
    pub fn expiration(mut self, expiration: Duration) -> Self {
        self.expiration = expiration;
        self
    }

    /// Adds a name under which the API is reached, besides loopback and the address that it listens on. May
    /// be called several times.
    pub fn host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into());
        self
    }

    /// Fetches code whose URL a client sends, from servers that functions may reach too. Without this, a URL is
    /// refused.
    pub fn fetch(mut self) -> Self {
        self.fetches = true;
        self
    }

    /// Allows an address that is not loopback. Its clients send no credentials, so anyone who reaches the
    /// address may create, change and delete functions.
    pub fn open(mut self) -> Self {
        self.is_open = true;
        self
    }
}

/// How Golem's API is served.
///
/// ```
/// use functions_server::GolemOptions;
///
/// let options = GolemOptions::default().host("workers.example.com");
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct GolemOptions {
    pub(crate) hosts: Vec<String>,
    pub(crate) is_open: bool,
}

impl GolemOptions {
    /// Adds a name under which the API is reached, besides loopback and the address that it listens on. May
    /// be called several times.
    pub fn host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into());
        self
    }

    /// Allows an address that is not loopback. Its clients send no credentials, so anyone who reaches the
    /// address may upload components and call workers.
    pub fn open(mut self) -> Self {
        self.is_open = true;
        self
    }
}
