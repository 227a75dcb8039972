//! `cargo demo`: builds and runs all examples over real HTTP.

mod dispatch;
mod functions;
mod host;
mod promises;
mod worker;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail};
use functions_toolchain::{Artifact, GuestBuild, build_guests};

use crate::workspace::{self, build, cargo};
use host::Host;
use promises::{Example, PRIVATE, Promise, examples};

/// Builds and runs every example, and fails if an answer is not the promised one.
pub(crate) fn run() -> anyhow::Result<()> {
    step("target", "wasm32-wasip2");
    workspace::ensure_target()?;
    step("build", "the examples, for wasm32-wasip2");
    let root = workspace::root();
    let names = examples().map(|example| example.name);
    let names = names.chain(dispatch::EXAMPLES).chain([worker::EXAMPLE]);
    let guests = build_guests(&GuestBuild::new(&root).packages(names))?;
    step("build", "the host (the first time takes a few minutes)");
    let command = build_host(&root)?;

    step("start", "functions serve ... --listen 127.0.0.1:0");
    let started = Instant::now();
    // The example `proxy` sends requests to this host.
    let mut options = vec!["--allow-host", "127.0.0.1"];
    options.extend(PRIVATE.iter().flat_map(|name| ["--private", name]));
    let serve: Vec<&Artifact> = guests.iter().take(examples().count()).collect();
    let host = Host::start(&command, &serve, &options, 0)?;
    println!(
        "        listening on {} after {:.1?}",
        host.url(),
        started.elapsed()
    );

    let mut broken = 0;
    for (example, guest) in examples().zip(&guests) {
        broken += try_example(example, guest, &host)?;
    }
    step("stop", "SIGTERM");
    host.stop()?;
    dispatch::run(&command, &guests)?;
    worker::run(&command, &guests)?;
    if broken > 0 {
        bail!("{broken} answers differ from what the example promises");
    }
    println!("\nEvery example does what it promises.");
    Ok(())
}

fn step(what: &str, detail: &str) {
    println!("{what:>7} {detail}");
}

/// The example that is this package.
fn example<'a>(guests: &'a [Artifact], name: &str) -> anyhow::Result<&'a Artifact> {
    let found = guests.iter().find(|guest| guest.package == name);
    found.with_context(|| format!("{name} was not built"))
}

/// Builds the `functions` command, and returns its path.
fn build_host(root: &Path) -> anyhow::Result<PathBuf> {
    let mut command = cargo(root);
    // Of the whole workspace, and with a test: so the dependencies have the features that `cargo test
    // --workspace` compiles them with, and are compiled once for both.
    command.args(["build", "--workspace", "--test", "layout"]);
    let mut programs = build(command, &["functions"])?;
    programs.pop().context("cargo built nothing")
}

/// Sends an example its requests, and returns the number of answers that differ.
fn try_example(example: &Example, guest: &Artifact, host: &Host) -> anyhow::Result<usize> {
    let size = fs::metadata(&guest.wasm)?.len();
    println!("\n{} ({size} bytes): {}", example.name, example.about);
    let mut broken = 0;
    for promise in example.promises {
        let answer = host.send(example.name, promise)?;
        println!(
            "  > {} /{}{}  {}",
            promise.method,
            example.name,
            promise.path,
            promise.sent()
        );
        println!("  < {}", answer.shown());
        if let Err(difference) = promise.check(&answer) {
            println!("  ! {difference}");
            broken += 1;
        }
    }
    Ok(broken)
}

/// The response of an example.
struct Answer {
    status: u16,
    content_type: String,
    body: Vec<u8>,
}

impl Answer {
    fn shown(&self) -> String {
        format!(
            "{} {}  {}",
            self.status,
            self.content_type,
            shown(&self.body)
        )
    }
}

/// A body as text if it is short, and its length otherwise.
fn shown(body: &[u8]) -> String {
    const MAX_SHOWN: usize = 100;
    match std::str::from_utf8(body) {
        Ok(text) if text.len() <= MAX_SHOWN => text.to_owned(),
        _ => format!("{} bytes", body.len()),
    }
}

impl Promise {
    fn sent(&self) -> String {
        shown(&self.body.bytes())
    }

    fn check(&self, answer: &Answer) -> Result<(), String> {
        let differs = |what: &str, promised: &str, found: &str| {
            Err(format!(
                "{what} differs: promised {promised:?}, found {found:?}"
            ))
        };
        if answer.status != self.status {
            return differs(
                "the status",
                &self.status.to_string(),
                &answer.status.to_string(),
            );
        }
        if answer.content_type != self.content_type {
            return differs("the content type", self.content_type, &answer.content_type);
        }
        if !self.answer.promises(&answer.body) {
            return differs(
                "the body",
                &shown(&self.answer.bytes()),
                &shown(&answer.body),
            );
        }
        Ok(())
    }
}
