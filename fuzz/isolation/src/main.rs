//! The fuzzer of isolation between requests.
//!
//! It sends the same requests to reused instances, to new ones, and to a host that does not rewrite
//! components, and compares everything that a function or its client can see. `cargo xtask fuzz` runs it.
//! The exit code is 0 without a difference, 1 with one, and 2 if the fuzzer could not run.

mod component;
mod driver;
mod host;
mod plan;
mod pressure;
mod program;
mod report;
mod round;
mod smith;
mod threads;
mod weave;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Parser;

use component::World;
use report::Report;
use round::Round;

/// Compares the results of functions in reused instances with those in new ones.
#[derive(Parser)]
struct Options {
    /// End after this many seconds without a difference.
    #[arg(long, default_value_t = 60)]
    seconds: u64,

    /// Enable one of the seeded bugs 1 to 8 in the host, to check that the fuzzer finds it.
    #[arg(long, default_value_t = 0)]
    bug: u8,

    /// Test only the function of this seed, repeatedly.
    #[arg(long)]
    seed: Option<u64>,

    /// The number of sequential requests to each function.
    #[arg(long, default_value_t = 200)]
    requests: usize,

    /// The number of tasks that send requests concurrently.
    #[arg(long, default_value_t = 8)]
    tasks: u64,

    /// The folder of the contract.
    #[arg(long, default_value = "wit")]
    wit: PathBuf,

    /// The file for the current seed, which is read if the process dies.
    #[arg(long)]
    seed_file: Option<PathBuf>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(report) if report.differences() == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<Report> {
    host_harness::fuzzing::seed_bug(options.bug);
    let world = World::read(&options.wit)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()?;
    let folder = tempfile::tempdir()?;
    let report = Report::new(options.bug);
    let began = Instant::now();
    let until = began + Duration::from_secs(options.seconds);
    let _pressure = pressure::Pressure::start()?;
    if host_harness::fuzzing::finds_pages_that_are_not_present() == Some(false) {
        report.difference(0, "pages that are not present are not found, nor cleared");
    }
    let mut seed = options.seed.unwrap_or_else(|| fastrand::u64(..1 << 40));
    report.begin(seed);
    let mut told = began;
    let mut rounds = 0_u64;
    while Instant::now() < until && report.differences() == 0 {
        if let Some(file) = &options.seed_file {
            std::fs::write(file, seed.to_string())?;
        }
        if rounds.is_multiple_of(16) {
            threads::probe(&world, &runtime, folder.path(), &report, seed)
                .context("an invocation cannot be moved to another thread")?;
        }
        let round = Round {
            world: &world,
            seed,
            folder: folder.path(),
            requests: options.requests,
            tasks: options.tasks,
        };
        let run = runtime.block_on(round.run(&report));
        run.with_context(|| format!("seed {seed}"))?;
        if told.elapsed() > Duration::from_secs(20) {
            told = Instant::now();
            report.print(began.elapsed(), seed);
        }
        rounds += 1;
        if options.seed.is_none() {
            seed += 1;
        }
    }
    report.print(began.elapsed(), seed);
    Ok(report)
}
