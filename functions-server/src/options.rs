use std::path::PathBuf;
use std::time::Duration;

use crate::queue::QueueOptions;
use crate::workers::WorkerLimits;
use crate::{SecretsKey, SigningKey};

/// How a [`Server`](crate::Server) stores what is deployed.
///
/// ```
/// use functions_server::{SecretsKey, ServerOptions};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = SecretsKey::from_hex(&"0f".repeat(32))?;
/// let options = ServerOptions::default().data_dir("/var/lib/functions").secrets_key(key);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ServerOptions {
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) secrets_key: Option<SecretsKey>,
    pub(crate) previous_secrets_key: Option<SecretsKey>,
    pub(crate) queue: QueueOptions,
    pub(crate) workers: WorkerLimits,
}

impl ServerOptions {
    /// Stores everything in a folder, which is created if it is missing. Without it, a temporary folder is
    /// deleted with the server.
    pub fn data_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(folder.into());
        self
    }

    /// Limits how many invocations that nobody waits for are queued, 100,000 unless set. One function may
    /// have half of them. Beyond it, clients get 429.
    pub fn queue_capacity(mut self, invocations: usize) -> Self {
        self.queue.capacity = invocations;
        self
    }

    /// Sets how long what came of such invocations is kept, a day unless set.
    pub fn result_retention(mut self, retention: Duration) -> Self {
        self.queue.retention = retention;
        self
    }

    /// Limits what the memories of a worker have together, in bytes, 256 MiB unless set. It holds for workers
    /// that are created from then on.
    pub fn worker_memory(mut self, bytes: u64) -> Self {
        self.workers.memory = bytes;
        self
    }

    /// Limits the CPU time of an invocation of a worker, 30 seconds unless set. Beyond it, the worker fails.
    pub fn worker_cpu_time(mut self, time: Duration) -> Self {
        self.workers.cpu_time = time;
        self
    }

    /// Limits the journal of a worker, in bytes, 256 MiB unless set. Beyond it, the worker takes no further
    /// invocations.
    pub fn worker_journal(mut self, bytes: u64) -> Self {
        self.workers.journal = bytes;
        self
    }

    /// Limits how many invocations of a worker wait, 10,000 unless set. Beyond it, clients get 429.
    pub fn worker_queue(mut self, invocations: usize) -> Self {
        self.workers.queue = invocations;
        self
    }

    /// Sets after how long without an invocation a worker is unloaded, a minute unless set.
    pub fn worker_idle(mut self, time: Duration) -> Self {
        self.workers.idle = time;
        self
    }

    /// Sets how many results of a worker are kept for repeated keys, 1,000,000 unless set.
    pub fn worker_keys(mut self, results: u64) -> Self {
        self.workers.keys = results;
        self
    }

    /// Sets the key that secrets are encrypted with. Without it, settings with secrets are refused.
    pub fn secrets_key(mut self, key: SecretsKey) -> Self {
        self.secrets_key = Some(key);
        self
    }

    /// Sets the key that stored secrets may still be encrypted with. The start encrypts them with the current
    /// one instead.
    pub fn previous_secrets_key(mut self, key: SecretsKey) -> Self {
        self.previous_secrets_key = Some(key);
        self
    }
}

/// How a management API is reached.
///
/// ```
/// use functions_server::ManagementOptions;
///
/// let options = ManagementOptions::default()
///     .public_url("https://example.com")
///     .admin_host("admin.example.com");
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ManagementOptions {
    pub(crate) public_url: Option<String>,
    pub(crate) admin_hosts: Vec<String>,
}

impl ManagementOptions {
    /// Sets the URL under which clients reach functions, for the `url` of a function.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// Adds a name under which the API is reached, besides loopback and the address that it listens on. May
    /// be called several times.
    pub fn admin_host(mut self, name: impl Into<String>) -> Self {
        self.admin_hosts.push(name.into());
        self
    }
}

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

/// How a scheduler of Dispatch runs calls.
///
/// ```
/// use functions_server::DispatchOptions;
///
/// let options = DispatchOptions::default()
///     .functions_url("http://127.0.0.1:8080")
///     .concurrency(10);
/// ```
#[derive(Debug)]
#[must_use]
pub struct DispatchOptions {
    pub(crate) functions_urls: Vec<String>,
    pub(crate) signing_key: Option<SigningKey>,
    pub(crate) concurrency: usize,
    pub(crate) attempt_timeout: Duration,
    pub(crate) expiration: Duration,
    pub(crate) capacity: usize,
    pub(crate) retention: Duration,
}

impl Default for DispatchOptions {
    fn default() -> Self {
        Self {
            functions_urls: Vec::new(),
            signing_key: None,
            concurrency: 100,
            attempt_timeout: Duration::from_secs(60),
            expiration: Duration::from_secs(24 * 60 * 60),
            capacity: 100_000,
            retention: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl DispatchOptions {
    /// Adds a URL under which this host's functions are reached: endpoints below it are called inside the
    /// host. May be called several times.
    pub fn functions_url(mut self, url: impl Into<String>) -> Self {
        self.functions_urls.push(url.into());
        self
    }

    /// Sets the key that requests to endpoints are signed with. Without it, they are not signed.
    pub fn signing_key(mut self, key: SigningKey) -> Self {
        self.signing_key = Some(key);
        self
    }

    /// Sets how many calls one endpoint runs at once; 100 unless set.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls;
        self
    }

    /// Sets how long one attempt may take; 60 s unless set.
    pub fn attempt_timeout(mut self, time: Duration) -> Self {
        self.attempt_timeout = time;
        self
    }

    /// Sets how long a call may take, attempts included, that does not say so itself; 24 h unless set.
    pub fn expiration(mut self, time: Duration) -> Self {
        self.expiration = time;
        self
    }

    /// Sets how many calls may wait or run; further ones are refused, and those of clients beyond 95 % of it.
    /// 100,000 unless set.
    pub fn capacity(mut self, calls: usize) -> Self {
        self.capacity = calls;
        self
    }

    /// Sets how long a call that has ended is kept; 24 h unless set.
    pub fn retention(mut self, time: Duration) -> Self {
        self.retention = time;
        self
    }
}
