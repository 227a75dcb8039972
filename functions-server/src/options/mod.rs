mod apis;

use std::path::PathBuf;
use std::time::Duration;

use crate::SecretsKey;
use crate::queue::QueueOptions;
use crate::workers::WorkerLimits;

pub use apis::{GolemOptions, ServerledgeOptions};

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

    /// Limits how many asynchronous invocations are queued, 100,000 unless set. One function may
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

    /// Sets after how many bytes of journal a worker is saved and its journal shortened, if its component exports
    /// `golem:api/save-snapshot` and `golem:api/load-snapshot`: 256 KiB unless set, and never with 0.
    pub fn worker_snapshot_after(mut self, bytes: u64) -> Self {
        self.workers.snapshot_after = bytes;
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
