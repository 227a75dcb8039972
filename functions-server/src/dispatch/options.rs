use std::time::Duration;

use super::SigningKey;

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
