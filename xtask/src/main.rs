//! A contributor's tasks: `cargo xtask setup`, `cargo demo`, `cargo xtask bench`, `cargo xtask fuzz`,
//! `cargo xtask soak`, `cargo wit`, `cargo api`.
#![forbid(unsafe_code)]

#[cfg(feature = "api")]
mod api;
mod bench;
mod demo;
mod fuzz;
mod soak;
#[cfg(feature = "wit")]
mod wit;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tasks for contributors to this repository.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install the wasm32-wasip2 target, unless it is installed.
    Setup,
    /// Build the examples and the host, run every example over real HTTP, and show the responses.
    Demo,
    /// Measure the host's speed, compared with other servers in the same run.
    Bench(bench::BenchOptions),
    /// Send the same requests to random functions in reused and in new instances, and compare the answers.
    Fuzz(fuzz::FuzzOptions),
    /// Kill a server at random moments of deploys, and check that it loses nothing that it acknowledged.
    Soak(soak::SoakOptions),
    /// Update the record of the SDK's public API.
    #[cfg(feature = "api")]
    Api {
        /// Change nothing, and fail if a file is out of date.
        #[arg(long)]
        check: bool,
    },
    /// Update the crates' copies of wit/ and the generated bindings.
    #[cfg(feature = "wit")]
    Wit {
        /// Change nothing, and fail if a file is out of date.
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
        Task::Soak(options) => soak::run(&options),
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
