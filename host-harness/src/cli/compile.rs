//! Compiling components: how `serve` has it done, and the process that does it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::{duration, size};
use crate::compile::config::Allocation;
use crate::compile::{ChildSettings, compile_from_stdin};
use crate::{Builder, CompilerProcess};

/// Each component is compiled in a process of its own.
#[derive(Args)]
pub(super) struct Compiling {
    /// How much CPU time compiling one function may take, in whole seconds.
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = duration::positive, env = "FUNCTIONS_COMPILE_CPU_TIME")]
    compile_cpu_time: Duration,

    /// How much memory compiling one function may take, as address space of a process of its own.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size::positive, env = "FUNCTIONS_COMPILE_MEMORY")]
    compile_memory: usize,

    /// How long compiling one function may take.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration::positive, env = "FUNCTIONS_COMPILE_TIMEOUT")]
    compile_timeout: Duration,
}

impl Compiling {
    /// Lets this very program compile.
    pub(super) fn apply(&self, builder: Builder) -> Builder {
        let process = CompilerProcess::new(this_program())
            .cpu_time(self.compile_cpu_time)
            .memory(u64::try_from(self.compile_memory).unwrap_or(u64::MAX))
            .timeout(self.compile_timeout);
        builder.compiler(process)
    }
}

/// The program that runs, also where another has taken its name since.
#[cfg(target_os = "linux")]
fn this_program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

#[cfg(not(target_os = "linux"))]
fn this_program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| "functions".into())
}

/// Compiles the component on standard input: what `serve` starts, of no use to anybody else.
#[derive(Args)]
pub(super) struct CompileComponent {
    #[arg(long, value_parser = allocation)]
    allocation: Allocation,

    #[arg(long)]
    cpu_seconds: u64,

    #[arg(long)]
    memory_bytes: u64,
}

fn allocation(name: &str) -> Result<Allocation, String> {
    Allocation::named(name).ok_or_else(|| "unknown allocation".into())
}

impl CompileComponent {
    pub(super) fn run(self) -> ExitCode {
        ExitCode::from(compile_from_stdin(ChildSettings {
            allocation: self.allocation,
            cpu_time: self.cpu_seconds,
            memory: self.memory_bytes,
        }))
    }
}
