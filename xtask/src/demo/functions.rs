//! The command `functions`, for a host that runs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::host::Host;

/// Runs subcommands against a host's management API.
pub(super) struct Functions<'a> {
    command: &'a Path,
    host: &'a str,
    pub(super) token: Option<String>,
}

impl<'a> Functions<'a> {
    pub(super) fn new(command: &'a Path, host: &'a Host) -> anyhow::Result<Self> {
        Ok(Self {
            command,
            host: host.api("management")?,
            token: None,
        })
    }

    /// Runs a subcommand, and returns what it prints.
    pub(super) fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(self.command);
        command.args(arguments).args(["--host", self.host]);
        command.env_remove("FUNCTIONS_TOKEN");
        if let Some(token) = &self.token {
            command.env("FUNCTIONS_TOKEN", token);
        }
        // Not all of them: they may have a token in them.
        let shown = arguments.first().copied().unwrap_or_default();
        let output = command
            .output()
            .with_context(|| format!("functions {shown}"))?;
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            bail!("functions {shown} ended with {}: {error}", output.status);
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs a subcommand that prints JSON.
    pub(super) fn json(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.run(arguments)?)?)
    }
}
