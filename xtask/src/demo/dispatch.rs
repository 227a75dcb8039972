//! Durable calls: `dispatch-caller` dispatches one, and the host calls `dispatch-endpoint` until it has answered.
#![expect(
    clippy::indexing_slicing,
    reason = "a member of JSON that is missing is null"
)]

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use functions_toolchain::Artifact;
use serde_json::Value;

use super::functions::Functions;
use super::host::Host;
use super::{example, step};

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
    let mut functions = Functions::new(command, &host)?;

    let token = functions.json(&["token", "create", "demo", "--scope", "admin", "--json"])?;
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
    let root = ended(&functions, &id)?;
    let state = root["state"].as_str().unwrap_or_default();
    let children = root["children"].as_array().map_or(0, Vec::len);
    println!("  functions calls show {id}: {state}, {children} calls below it");
    ensure!(state == "succeeded", "the call {id} ended as {root}");
    ensure!(
        children == 10,
        "the call {id} made {children} calls, not 10"
    );
    let retried = retried(&functions, &id)?;
    println!("  of those, one took {retried} attempts");
    ensure!(
        retried >= 3,
        "no call was retried twice, at most {retried} attempts"
    );
    step("stop", "SIGTERM");
    host.stop()
}

/// Invokes the caller, which answers with the id of its call.
fn dispatch(host: &Host, numbers: &str) -> anyhow::Result<String> {
    let (status, id) = host.post(CALLER, numbers)?;
    ensure!(status == 202, "{CALLER} answered {status}: {id}");
    Ok(id.trim().to_owned())
}

/// Waits until a call has ended, and returns it.
fn ended(functions: &Functions<'_>, id: &str) -> anyhow::Result<Value> {
    let begun = Instant::now();
    loop {
        let call = functions.json(&["calls", "show", id, "--json"])?;
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
fn retried(functions: &Functions<'_>, root: &str) -> anyhow::Result<u64> {
    let list = functions.json(&["calls", "list", "--root", root, "--json"])?;
    let calls = list["calls"].as_array().context("no calls")?;
    let attempts = calls.iter().filter(|call| call["id"] != root);
    let attempts = attempts.filter_map(|call| call["attempt_count"].as_u64());
    attempts.max().context("no attempts")
}
