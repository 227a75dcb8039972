//! `cargo xtask fuzz`: builds and runs the fuzzer of isolation (`fuzz/isolation`).

use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::Context as _;
use clap::Args;

use crate::workspace::{self, build, cargo};

/// The exit code of a fuzzer that could not run.
const CANNOT_RUN: u8 = 2;

/// The options of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct FuzzOptions {
    /// End after this many seconds without a difference.
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,

    /// Enable one of the seeded bugs 1 to 8 in the host, to check that the fuzzer finds it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    bug: Option<u8>,

    /// Test only the function of this seed, repeatedly.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// Runs the fuzzer. The exit code is 0 without a difference, 1 with one, and 2 if it could not run.
pub(crate) fn run(options: &FuzzOptions) -> ExitCode {
    fuzz(options).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(CANNOT_RUN)
    })
}

fn fuzz(options: &FuzzOptions) -> anyhow::Result<ExitCode> {
    let root = workspace::root();
    let mut command = cargo(&root);
    // Builds the whole workspace and a test, so that the fuzzer shares its dependencies with
    // `cargo test --workspace`. Without a test, cargo ignores the features of dev-dependencies.
    command.args(["build", "--workspace", "--features", "fuzz-isolation/host"]);
    command.args(["--test", "seeded_bugs"]);
    let programs = build(command, &["fuzz-isolation"])?;
    let program = programs.first().context("cargo built nothing")?;
    let folder = tempfile::tempdir()?;
    let seed_file = folder.path().join("seed");
    let status = fuzzer(program, &root, options)
        .arg("--seed-file")
        .arg(&seed_file)
        .status()
        .with_context(|| format!("cannot start {}", program.display()))?;
    Ok(
        match status.code().and_then(|code| u8::try_from(code).ok()) {
            Some(code @ 0..=CANNOT_RUN) => ExitCode::from(code),
            _ => died(status, &seed_file, options.bug),
        },
    )
}

fn fuzzer(program: &Path, root: &Path, options: &FuzzOptions) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root);
    command.arg("--seconds").arg(options.seconds.to_string());
    let options = [
        ("--bug", options.bug.map(u64::from)),
        ("--seed", options.seed),
    ];
    for (option, value) in options {
        if let Some(value) = value {
            command.arg(option).arg(value.to_string());
        }
    }
    command
}

/// Reports a host that died as a difference, because it is as bad as a leak of memory.
fn died(status: ExitStatus, seed_file: &Path, bug: Option<u8>) -> ExitCode {
    let bug = bug.map(|bug| format!(" --bug {bug}")).unwrap_or_default();
    let seed = match std::fs::read_to_string(seed_file) {
        Ok(seed) => format!(" --seed {seed}"),
        Err(_) => String::new(),
    };
    println!("DIFFERENCE: the host ended with {status}\n  again: cargo xtask fuzz{seed}{bug}");
    ExitCode::FAILURE
}
