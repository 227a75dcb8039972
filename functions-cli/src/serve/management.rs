//! Options of the store and of the management API.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use functions_server::{ManagementOptions, SecretsKey, Server, ServerOptions};

use super::apis::{Api, listen};
use super::listen::ListenAddress;
use crate::value::list::{self, List};
use crate::value::{duration, number};

/// Options for functions that are deployed while the host runs.
#[derive(Args)]
pub(super) struct Management {
    /// The folder that stores what is deployed; created if it is missing. Only one host can use it at a
    /// time. Without it, what is deployed is lost when the host ends.
    #[arg(long, value_name = "DIR", env = "FUNCTIONS_DATA_DIR")]
    data_dir: Option<PathBuf>,

    /// How many asynchronous invocations are queued at most, of one function half of them. Further ones are
    /// answered with 429.
    #[arg(long, value_name = "N", default_value = "100000", value_parser = number::positive, env = "FUNCTIONS_QUEUE_CAPACITY")]
    queue_capacity: u32,

    /// How long the result of an asynchronous invocation is kept.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration::positive, env = "FUNCTIONS_RESULT_RETENTION")]
    result_retention: Duration,

    /// The address of the management API, for `functions deploy` and other commands, such as 8081. Unless
    /// given, nothing can be deployed. As long as no token exists, it answers this machine only.
    #[arg(long, value_name = "ADDRESS", env = "FUNCTIONS_ADMIN_LISTEN")]
    admin_listen: Option<ListenAddress>,

    /// A name under which clients reach the management API, besides the address that it listens on: that
    /// of a reverse proxy, say. Can be repeated.
    #[arg(
        long = "admin-host",
        value_name = "NAME",
        env = "FUNCTIONS_ADMIN_HOST",
        value_parser = list::host_names()
    )]
    admin_hosts: Vec<List>,

    /// The file with the key that secrets are encrypted with: 64 hexadecimal digits, such as `openssl
    /// rand -hex 32` makes.
    #[arg(long, value_name = "FILE", env = "FUNCTIONS_SECRETS_KEY_FILE")]
    secrets_key_file: Option<PathBuf>,

    /// The file with the previous secrets key. The host encrypts stored secrets with that of
    /// --secrets-key-file before it listens; later starts no longer need the previous one.
    #[arg(
        long,
        value_name = "FILE",
        requires = "secrets_key_file",
        env = "FUNCTIONS_PREVIOUS_SECRETS_KEY_FILE"
    )]
    previous_secrets_key_file: Option<PathBuf>,

    /// The key itself, instead of a file.
    #[arg(
        long,
        value_name = "KEY",
        env = "FUNCTIONS_SECRETS_KEY",
        hide = true,
        hide_env_values = true
    )]
    secrets_key: Option<String>,
}

impl Management {
    /// Where the store caches compiled functions, if there is one.
    pub(super) fn cache(&self) -> Option<PathBuf> {
        self.data_dir.as_ref().map(|folder| folder.join("cache"))
    }

    /// Whether the host does nothing but serve the files it was given.
    pub(super) fn is_off(&self) -> bool {
        self.data_dir.is_none() && self.admin_listen.is_none()
    }

    pub(super) fn server_options(&self) -> anyhow::Result<ServerOptions> {
        let capacity = usize::try_from(self.queue_capacity).unwrap_or(usize::MAX);
        let mut options = ServerOptions::default()
            .queue_capacity(capacity)
            .result_retention(self.result_retention);
        if let Some(folder) = &self.data_dir {
            options = options.data_dir(folder);
        }
        let key = match (&self.secrets_key_file, &self.secrets_key) {
            (Some(file), _) => Some(key_in(file, "--secrets-key-file")?),
            (None, Some(key)) => Some(SecretsKey::from_hex(key).context("FUNCTIONS_SECRETS_KEY")?),
            (None, None) => None,
        };
        if let Some(file) = &self.previous_secrets_key_file {
            options = options.previous_secrets_key(key_in(file, "--previous-secrets-key-file")?);
        }
        Ok(match key {
            Some(key) => options.secrets_key(key),
            None => options,
        })
    }

    /// Serves the management API, if it is on. `functions_url` is where clients reach the functions.
    pub(super) async fn start(
        &self,
        server: &Server,
        functions_url: String,
    ) -> anyhow::Result<Option<Api>> {
        let Some(address) = &self.admin_listen else {
            return Ok(None);
        };
        let listener = listen(address, "--admin-listen").await?;
        let mut options = ManagementOptions::default().public_url(functions_url);
        for name in List::texts(&self.admin_hosts) {
            options = options.admin_host(name);
        }
        let server = server.clone();
        let serve = |listener, stopped| async move {
            server.serve_management(listener, options, stopped).await
        };
        Ok(Some(Api::start("management", listener, serve)?))
    }
}

fn key_in(file: &Path, option: &str) -> anyhow::Result<SecretsKey> {
    let option = || format!("{option} {}", file.display());
    SecretsKey::from_file(file).with_context(option)
}
