//! `cargo xtask fuzz`: builds and runs the fuzzer of isolation, which is in `fuzz/isolation`.

use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::Context as _;
use clap::Args;

use crate::workspace::{self, build, cargo};

/// How the fuzzer says that it could not run.
const CANNOT_RUN: u8 = 2;

/// What to try out, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// End after this many seconds without a difference.
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,

    /// Put one of the bugs 1 to 8 into the host, to see the fuzzer find it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    bug: Option<u8>,

    /// Try out the function of this seed only, again and again.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// Fuzzes. Exits with 0 without a difference, with 1 with one, and with 2 if it could not run.
pub(crate) fn run(options: &Options) -> ExitCode {
    fuzz(options).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(CANNOT_RUN)
    })
}

fn fuzz(options: &Options) -> anyhow::Result<ExitCode> {
    let root = workspace::root();
    let mut command = cargo(&root);
    // The whole workspace, and a test, so that the fuzzer shares all that it depends on with
    // `cargo test --workspace`: without a test, cargo leaves out the features of dev-dependencies.
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

fn fuzzer(program: &Path, root: &Path, options: &Options) -> Command {
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

/// A function that ends the host is as bad as one that sees another's memory.
fn died(status: ExitStatus, seed_file: &Path, bug: Option<u8>) -> ExitCode {
    let bug = bug.map(|bug| format!(" --bug {bug}")).unwrap_or_default();
    let seed = match std::fs::read_to_string(seed_file) {
        Ok(seed) => format!(" --seed {seed}"),
        Err(_) => String::new(),
    };
    println!("DIFFERENCE: the host ended with {status}\n  again: cargo xtask fuzz{seed}{bug}");
    ExitCode::FAILURE
}
