//! The host that the demo runs, as a process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use functions_toolchain::Artifact;
use ureq::Agent;
use ureq::http::Request;

use super::Answer;
use super::promises::{PRIVATE, Promise};

/// More than the largest answer of any example.
const MAX_ANSWER: u64 = 64 << 20;

/// A running `functions serve`, which is killed when it is dropped.
pub(super) struct Host {
    url: String,
    process: Child,
    agent: Agent,
}

impl Host {
    /// Starts the host on a free port, and waits until it listens.
    pub(super) fn start(command: &Path, guests: &[Artifact]) -> anyhow::Result<Self> {
        let mut process = Command::new(command)
            // A demo leaves no files in the user's home.
            .args(["serve", "--listen", "127.0.0.1:0", "--no-cache"])
            // The example `proxy` sends requests to this host.
            .args(["--allow-host", "127.0.0.1"])
            .args(PRIVATE.iter().flat_map(|name| ["--private", name]))
            .args(
                guests
                    .iter()
                    .map(|guest| format!("{}={}", guest.package, guest.wasm.display())),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", command.display()))?;
        let mut first = String::new();
        if let Some(stdout) = process.stdout.as_mut() {
            BufReader::new(stdout).read_line(&mut first)?;
        }
        let Some(url) = first.trim().strip_prefix("listening on ") else {
            let _ = process.kill();
            bail!("the host does not listen, its first line is {first:?}");
        };
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        Ok(Self {
            url: url.to_owned(),
            process,
            agent,
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn send(&self, function: &str, promise: &Promise) -> anyhow::Result<Answer> {
        let path = promise.path.replace("HOST", &self.url);
        let mut request = Request::builder()
            .method(promise.method)
            .uri(format!("{}/{function}{path}", self.url));
        if let Some((name, value)) = promise.header {
            request = request.header(name, value);
        }
        let request = request.body(promise.body.bytes())?;
        let mut response = self.agent.run(request)?;
        let content_type = response.headers().get("content-type");
        let content_type = content_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        Ok(Answer {
            status: response.status().as_u16(),
            content_type: content_type.to_owned(),
            body: response
                .body_mut()
                .with_config()
                .limit(MAX_ANSWER)
                .read_to_vec()?,
        })
    }

    /// Stops the host, and fails if it ends with an error.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        let id = self.process.id().to_string();
        if !Command::new("kill")
            .args(["-s", "TERM", &id])
            .status()?
            .success()
        {
            bail!("the host ended before it was stopped");
        }
        let status = self.process.wait()?;
        if !status.success() {
            bail!("the host ended with {status}");
        }
        Ok(())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
