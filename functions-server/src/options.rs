use std::path::PathBuf;

use crate::SecretsKey;

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
}

impl ServerOptions {
    /// Stores everything in a folder, which is created if it is missing. Without it, a temporary folder is
    /// deleted with the server.
    pub fn data_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(folder.into());
        self
    }

    /// Sets the key that secrets are encrypted with. Without it, settings with secrets are refused.
    pub fn secrets_key(mut self, key: SecretsKey) -> Self {
        self.secrets_key = Some(key);
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
