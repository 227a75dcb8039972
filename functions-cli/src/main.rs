//! The `functions` command: one file per subcommand.

#![forbid(unsafe_code)]

mod arguments;
mod build;
mod child;
mod client;
mod component;
mod dev;
mod doctor;
mod invoke;
mod manage;
mod new;
mod output;
mod project;
mod report;
mod serve;
mod stop_signals;
mod value;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use host_harness::CompilerProcess;
use signal_hook::consts::SIGXFSZ;

/// mimalloc is used since an invocation allocates some fifty times, mostly in wasmtime. It saves a
/// twentieth of an invocation's cost compared with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs web functions: WebAssembly components that answer one HTTP request each.
#[derive(Parser)]
#[command(name = "functions", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    New(new::New),
    Build(build::Build),
    Serve(Box<serve::Serve>),
    Dev(Box<dev::Dev>),
    Invoke(Box<invoke::Invoke>),
    Doctor(doctor::Doctor),
    #[command(flatten)]
    Manage(manage::Manage),
}

fn main() -> ExitCode {
    report::log_panics();
    // Exceeding RLIMIT_FSIZE has to fail the write, not end the process.
    let ignored = signal_hook::flag::register(SIGXFSZ, Arc::default());
    if let Some(ended) = CompilerProcess::run_child() {
        return ended;
    }
    let arguments: Arguments = arguments::parse();
    let result = match arguments.command {
        Command::New(new) => new.run().map(|()| report::Ended::Done),
        Command::Build(build) => build.run().map(|()| report::Ended::Done),
        Command::Serve(serve) => {
            report::log_to_stderr(serve.log_format());
            if let Err(error) = ignored {
                tracing::warn!("RLIMIT_FSIZE would end the process: {error}");
            }
            serve.run()
        }
        Command::Dev(dev) => dev.with_manifest().and_then(|dev| {
            report::log_to_stderr(dev.log_format());
            dev.run()
        }),
        Command::Invoke(invoke) => {
            report::log_to_stderr(invoke.log_format());
            return report::exit_code_of(invoke.run());
        }
        Command::Doctor(doctor) => doctor.run().map(|()| report::Ended::Done),
        Command::Manage(manage) => manage.run().map(|()| report::Ended::Done),
    };
    report::exit_code(result)
}
