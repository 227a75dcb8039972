//! Durable calls: `dispatch-caller` dispatches one, and the host calls `dispatch-endpoint` until it has answered.
#![expect(
    clippy::indexing_slicing,
    reason = "a member of JSON that is missing is null"
)]

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use functions_toolchain::Artifact;
use serde_json::Value;

use super::host::Host;
use super::step;

/// The packages of the examples.
pub(super) const EXAMPLES: [&str; 2] = [ENDPOINT, CALLER];

const ENDPOINT: &str = "dispatch-endpoint";
const CALLER: &str = "dispatch-caller";

/// One of the calls fails for two seconds, and a retry comes after one, two and four.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs both examples, and fails if the call does not end as they promise.
pub(super) fn run(command: &Path, guests: &[Artifact]) -> anyhow::Result<()> {
    step("start", "functions serve ... --dispatch 127.0.0.1:0");
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let data = data.display().to_string();
    let options = [
        "--data-dir",
        &data,
        "--admin-listen",
        "127.0.0.1:0",
        "--dispatch",
        "127.0.0.1:0",
    ];
    let endpoint = example(guests, ENDPOINT)?;
    let host = Host::start(command, &[endpoint], &options, 2)?;
    let mut functions = Functions {
        command,
        host: host.api("management")?,
        token: None,
    };

    let token = functions.run(&["token", "create", "demo", "--scope", "admin", "--json"])?;
    let token = token["token"].as_str().context("no token")?.to_owned();
    functions.token = Some(token.clone());
    let caller = example(guests, CALLER)?;
    functions.run(&[
        "deploy",
        &format!("{CALLER}={}", caller.wasm.display()),
        "--env",
        &format!("DISPATCH_API_KEY={token}"),
        "--env",
        &format!("ENDPOINT={}/{ENDPOINT}", host.url()),
        "--json",
    ])?;

    println!("\n{CALLER}: ten durable calls at once, of which one fails twice");
    let numbers = "[1,2,3,4,5,6,7,8,9,10]";
    println!("  > POST /{CALLER}  {numbers}");
    let id = dispatch(&host, numbers)?;
    println!("  < 202  {id}");
    let root = functions.ended(&id)?;
    let state = root["state"].as_str().unwrap_or_default();
    let children = root["children"].as_array().map_or(0, Vec::len);
    println!("  functions calls show {id}: {state}, {children} calls below it");
    ensure!(state == "succeeded", "the call {id} ended as {root}");
    ensure!(
        children == 10,
        "the call {id} made {children} calls, not 10"
    );
    let retried = functions.retried(&id)?;
    println!("  of those, one took {retried} attempts");
    ensure!(
        retried >= 3,
        "no call was retried twice, at most {retried} attempts"
    );
    step("stop", "SIGTERM");
    host.stop()
}

fn example<'a>(guests: &'a [Artifact], name: &str) -> anyhow::Result<&'a Artifact> {
    let found = guests.iter().find(|guest| guest.package == name);
    found.with_context(|| format!("{name} was not built"))
}

/// Invokes the caller, which answers with the id of its call.
fn dispatch(host: &Host, numbers: &str) -> anyhow::Result<String> {
    let (status, id) = host.post(CALLER, numbers)?;
    ensure!(status == 202, "{CALLER} answered {status}: {id}");
    Ok(id.trim().to_owned())
}

/// The command `functions`, for a host that runs.
struct Functions<'a> {
    command: &'a Path,
    host: &'a str,
    token: Option<String>,
}

impl Functions<'_> {
    /// Runs a subcommand, and returns its output, which is JSON.
    fn run(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let mut command = Command::new(self.command);
        command.args(arguments).args(["--host", self.host]);
        command.env_remove("FUNCTIONS_TOKEN");
        if let Some(token) = &self.token {
            command.env("FUNCTIONS_TOKEN", token);
        }
        let shown = arguments.first().copied().unwrap_or_default();
        let output = command
            .output()
            .with_context(|| format!("functions {shown}"))?;
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            bail!("functions {shown} ended with {}: {error}", output.status);
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Waits until a call has ended, and returns it.
    fn ended(&self, id: &str) -> anyhow::Result<Value> {
        let begun = Instant::now();
        loop {
            let call = self.run(&["calls", "show", id, "--json"])?;
            if matches!(
                call["state"].as_str(),
                Some("succeeded" | "failed" | "cancelled")
            ) {
                return Ok(call);
            }
            ensure!(
                begun.elapsed() < PATIENCE,
                "the call {id} does not end: {call}"
            );
            sleep(Duration::from_millis(100));
        }
    }

    /// The most attempts that a call of the tree took.
    fn retried(&self, root: &str) -> anyhow::Result<u64> {
        let list = self.run(&["calls", "list", "--root", root, "--json"])?;
        let calls = list["calls"].as_array().context("no calls")?;
        let attempts = calls.iter().filter(|call| call["id"] != root);
        let attempts = attempts.filter_map(|call| call["attempt_count"].as_u64());
        attempts.max().context("no attempts")
    }
}
