//! The `functions` command: one file per subcommand.

mod announce;
mod arguments;
mod cache;
mod compile;
mod duration;
#[cfg(test)]
mod limits_table;
mod list;
mod listen;
mod logging;
mod number;
mod report;
mod serve;
mod share;
mod shutdown;
mod size;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use signal_hook::consts::SIGXFSZ;

/// Runs web functions: WebAssembly components that answer one HTTP request each.
#[derive(Parser)]
#[command(name = "functions", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(Box<serve::Serve>),
    #[command(hide = true)]
    CompileComponent(compile::CompileComponent),
}

/// Parses the arguments, runs the command and reports how it ended.
#[must_use]
pub fn main() -> ExitCode {
    report::log_panics();
    // Exceeding RLIMIT_FSIZE has to fail the write, not end the process.
    let ignored = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let arguments: Arguments = arguments::parse();
    let result = match arguments.command {
        Command::CompileComponent(compile) => return compile.run(),
        Command::Serve(serve) => {
            report::log_to_stderr(serve.log_format());
            if let Err(error) = ignored {
                tracing::warn!("RLIMIT_FSIZE would end the process: {error}");
            }
            serve.run()
        }
    };
    report::exit_code(result)
}
