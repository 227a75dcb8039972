//! The `functions` command: one file a subcommand.

mod cache;
mod logging;
mod report;
mod serve;
mod share;
mod shutdown;
mod size;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs web functions: WebAssembly components that answer one HTTP request each.
#[derive(Parser)]
#[command(name = "functions", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Serve),
}

/// What the process does: parses its arguments, runs the command, reports how it went.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Serve(serve) => {
            report::log_to_stderr(serve.log_format());
            serve.run()
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report::failure(&error),
    }
}
