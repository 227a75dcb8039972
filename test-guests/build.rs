//! Compiles the examples and the test guests for the host's tests.

use std::path::Path;
use std::process::ExitCode;

use functions_toolchain::{GuestBuild, build_guests, ensure_target_or_run};

const GUESTS: [&str; 31] = [
    "acme-clock",
    "caller",
    "calls-functions",
    "calls-out",
    "command",
    "conformance",
    "contact-form",
    "counter",
    "dispatch-caller",
    "dispatch-endpoint",
    "echo",
    "echo-details",
    "etag",
    "events",
    "fan-out",
    "greet",
    "misbehave",
    "orchestrate",
    "ping",
    "proxy",
    "remember",
    "renamed",
    "respond",
    "router",
    "shrink",
    "stream-csv",
    "todo-axum",
    "typed",
    "upload-digest",
    "uses-std",
    "worker",
];

/// The sources of the examples and the SDK. A change in them compiles the guests again, as does one in
/// a guest of this folder.
const SOURCES: [&str; 9] = [
    "Cargo.lock",
    "Cargo.toml",
    "examples",
    "functions-binding",
    "functions-bytes",
    "functions-dispatch",
    "functions-guest-web",
    "functions-http",
    "small-libc",
];

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), Box<dyn std::error::Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = here
        .parent()
        .ok_or("test-guests is a folder of the workspace")?;
    let sdk = SOURCES.map(|source| workspace.join(source));
    let guests = GUESTS.map(|guest| here.join(guest));
    for source in sdk
        .iter()
        .chain(guests.iter().filter(|guest| guest.exists()))
    {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    let script = workspace.join("scripts/wasm32-wasip2-from-debian.sh");
    ensure_target_or_run(&script, &mut |line| eprintln!("{line}"))?;
    let guests = build_guests(&GuestBuild::new(workspace).packages(GUESTS).quiet(true))?;
    for guest in guests {
        let name = guest.package.to_uppercase().replace('-', "_");
        println!("cargo::rustc-env=GUEST_{name}={}", guest.wasm.display());
    }
    Ok(())
}
