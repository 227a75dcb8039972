//! A worker: `counter-worker` keeps what it counted, although the host is killed in the middle.

use std::path::Path;

use anyhow::ensure;
use functions_toolchain::Artifact;

use super::functions::Functions;
use super::host::Host;
use super::{example, step};

/// The package of the example.
pub(super) const EXAMPLE: &str = "counter-worker";

/// Counts, kills the host, and fails if the next one has not the same.
pub(super) fn run(command: &Path, guests: &[Artifact]) -> anyhow::Result<()> {
    let guest = example(guests, EXAMPLE)?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let data = data.display().to_string();
    let size = std::fs::metadata(&guest.wasm)?.len();
    println!("\n{EXAMPLE} ({size} bytes): counters that keep their values");

    let host = start(command, &data)?;
    let component = format!("counters={}", guest.wasm.display());
    Functions::new(command, &host)?.run(&["component", "add", &component])?;
    let visits = "demo:counters/api.{counter(\"visits\").add}";
    expect(command, &host, &[visits, "5"], "5")?;
    expect(command, &host, &[visits, "2", "--key", "order-17"], "7")?;
    step("kill", "SIGKILL");
    drop(host);

    let host = start(command, &data)?;
    // The same key is the same call.
    expect(command, &host, &[visits, "2", "--key", "order-17"], "7")?;
    expect(command, &host, &[visits, "1"], "8")?;
    expect(command, &host, &["demo:counters/api.{total}"], "8")?;
    step("stop", "SIGTERM");
    host.stop()
}

fn start(command: &Path, data: &str) -> anyhow::Result<Host> {
    step("start", "functions serve ... --golem 127.0.0.1:0");
    let local = "127.0.0.1:0";
    let options = [
        "--data-dir",
        data,
        "--admin-listen",
        local,
        "--golem",
        local,
    ];
    Host::start(command, &[], &options, 2)
}

/// Calls a function of the worker `w1`, and compares what it returns.
fn expect(command: &Path, host: &Host, arguments: &[&str], expected: &str) -> anyhow::Result<()> {
    println!(
        "  > functions worker invoke counters/w1 {}",
        arguments.join(" ")
    );
    let mut all = vec!["worker", "invoke", "counters/w1"];
    all.extend(arguments);
    let found = Functions::new(command, host)?.run(&all)?;
    let found = found.trim();
    println!("  < {found}");
    ensure!(found == expected, "{found} is not {expected}");
    Ok(())
}
