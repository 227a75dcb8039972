//! What a contributor runs: `cargo xtask setup`, `cargo demo`, `cargo xtask bench`, `cargo xtask fuzz`,
//! `cargo wit`, `cargo api`.

#[cfg(feature = "api")]
mod api;
mod bench;
mod demo;
mod fuzz;
#[cfg(feature = "wit")]
mod wit;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tasks for those who work on this repository.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Bring the wasm32-wasip2 target, unless it is there already.
    Setup,
    /// Build the examples and the host, run every example over real HTTP, show what came back.
    Demo,
    /// Measure how fast everything is, next to what it is to be compared with, in one run.
    Bench(bench::Options),
    /// Send random functions the same requests in reused and in new instances, and compare the answers.
    Fuzz(fuzz::Options),
    /// Bring the record of the SDK's public API up to date.
    #[cfg(feature = "api")]
    Api {
        /// Change nothing; fail when something is out of date.
        #[arg(long)]
        check: bool,
    },
    /// Bring the guest crates' copies of wit/ and their generated bindings up to date.
    #[cfg(feature = "wit")]
    Wit {
        /// Change nothing; fail when something is out of date.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Setup => workspace::ensure_target(),
        Task::Demo => demo::run(),
        Task::Bench(options) => bench::run(&options),
        Task::Fuzz(options) => return fuzz::run(&options),
        #[cfg(feature = "api")]
        Task::Api { check } => api::run(check),
        #[cfg(feature = "wit")]
        Task::Wit { check } => wit::run(check),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
