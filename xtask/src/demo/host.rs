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
use super::promises::Promise;

/// More than the largest answer of any example.
const MAX_ANSWER: u64 = 64 << 20;

/// A running `functions serve`, which is killed when it is dropped.
pub(super) struct Host {
    url: String,
    /// What else it listens for, and where: `management`, say.
    apis: Vec<(String, String)>,
    process: Child,
    agent: Agent,
}

impl Host {
    /// Starts the host on a free port with these functions and options, and waits until it listens for clients
    /// and for a number of APIs.
    pub(super) fn start(
        command: &Path,
        guests: &[&Artifact],
        options: &[&str],
        apis: usize,
    ) -> anyhow::Result<Self> {
        let process = Command::new(command)
            // A demo leaves no files in the user's home.
            .args(["serve", "--listen", "127.0.0.1:0", "--no-cache"])
            .args(options)
            .args(
                guests
                    .iter()
                    .map(|guest| format!("{}={}", guest.package, guest.wasm.display())),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", command.display()))?;
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let mut host = Self {
            url: String::new(),
            apis: Vec::new(),
            process,
            agent,
        };
        let stdout = host.process.stdout.take().context("no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let mut line = || -> anyhow::Result<(String, String)> {
            let line = lines.next().transpose()?.unwrap_or_default();
            let announced = line.split_once(" on ").with_context(|| {
                format!("the host does not listen, it says {line:?} where it should say so")
            })?;
            Ok((announced.0.to_owned(), announced.1.to_owned()))
        };
        host.url = line()?.1;
        for _ in 0..apis {
            host.apis.push(line()?);
        }
        Ok(host)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Where an API listens.
    pub(super) fn api(&self, name: &str) -> anyhow::Result<&str> {
        let api = self.apis.iter().find(|api| api.0 == name);
        Ok(&api.with_context(|| format!("no line says {name}"))?.1)
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

    /// Sends a function a body, and returns the status and the text of the answer.
    pub(super) fn post(&self, function: &str, body: &str) -> anyhow::Result<(u16, String)> {
        let url = format!("{}/{function}", self.url);
        let mut response = self.agent.post(url).send(body)?;
        let text = response.body_mut().read_to_string()?;
        Ok((response.status().as_u16(), text))
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
