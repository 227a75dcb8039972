//! Builds the measured programs, optimized.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use functions_toolchain::{GuestBuild, TARGET, build_guests};

use crate::workspace::{build, cargo};

/// The paths of the built programs.
pub(super) struct Built {
    /// The host.
    pub(super) functions: PathBuf,
    pub(super) raw_hyper: PathBuf,
    pub(super) engine: PathBuf,
    pub(super) guests: Guests,
}

/// The paths of the functions' components.
pub(super) struct Guests {
    pub(super) ping: PathBuf,
    pub(super) greet: PathBuf,
    pub(super) echo: PathBuf,
    pub(super) details: PathBuf,
    /// `ping` with std's usual WASI imports.
    pub(super) std: PathBuf,
    /// Does what no function should do.
    pub(super) misbehave: PathBuf,
}

pub(super) fn all(root: &Path) -> anyhow::Result<Built> {
    eprintln!("building (the first time takes a few minutes)");
    let release = release(
        root,
        &["functions-cli", "bench-raw-hyper", "bench-engine"],
        &["functions", "bench-raw-hyper", "bench-engine"],
    )?;
    let [functions, raw_hyper, engine] = release
        .try_into()
        .map_err(|_| anyhow::anyhow!("expected three programs"))?;
    Ok(Built {
        functions,
        raw_hyper,
        engine,
        guests: guests(root)?,
    })
}

/// Builds programs of the workspace, and returns their paths.
fn release(root: &Path, packages: &[&str], programs: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let mut command = cargo(root);
    command.args(["build", "--release"]);
    for package in packages {
        command.args(["--package", package]);
    }
    build(command, programs)
}

fn guests(root: &Path) -> anyhow::Result<Guests> {
    let examples = GuestBuild::new(root).packages(["ping", "greet", "echo", "echo-details"]);
    let examples = build_guests(&examples)?;
    // Built alone, because together with the others it would get their features.
    let std = build_guests(&GuestBuild::new(root).package("bench-std-guest"))?;
    let misbehave = build_guests(&GuestBuild::new(root).package("misbehave"))?;
    let built = examples.into_iter().chain(std).chain(misbehave);
    let mut built = built.map(|guest| guest.wasm);
    let mut next = || built.next().context("expected six guests");
    Ok(Guests {
        ping: next()?,
        greet: next()?,
        echo: next()?,
        details: next()?,
        std: next()?,
        misbehave: next()?,
    })
}

/// The answer of a component of `bench/peers`.
#[derive(Clone, Copy)]
pub(super) enum PeerAnswer {
    /// The answer of `ping`.
    Pong,
    /// The number of requests that its instance has had.
    Count,
}

/// Builds a component of `bench/peers`, which is a separate workspace.
pub(super) fn peer(root: &Path, name: &str, answers: PeerAnswer) -> anyhow::Result<PathBuf> {
    // Separate folders, because the files have the same name and cargo would confuse them.
    let folder = match answers {
        PeerAnswer::Pong => "target/bench/peers/pong",
        PeerAnswer::Count => "target/bench/peers/count",
    };
    let target = root.join(folder);
    let mut command = cargo(&root.join("bench/peers").join(name));
    command.args(["build", "--release", "--locked", "--target", TARGET]);
    command.arg("--target-dir").arg(&target);
    if let PeerAnswer::Count = answers {
        command.args(["--features", "count"]);
    }
    if !command.status().context("cannot start cargo")?.success() {
        bail!("{command:?} failed");
    }
    let file = format!("{}.wasm", name.replace('-', "_"));
    Ok(target.join(TARGET).join("release").join(file))
}
