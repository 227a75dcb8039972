//! Options of the compiler process.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::value::{duration, size};
use host_harness::{Builder, CompilerProcess};

/// The program itself and its threads take most of less than this.
const MIN_MEMORY: usize = 128 << 20;

/// Options of the process that compiles a component.
#[derive(Args)]
pub(crate) struct Compiling {
    /// The CPU time for compiling one function, in whole seconds.
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = duration::positive, env = "FUNCTIONS_COMPILE_CPU_TIME")]
    compile_cpu_time: Duration,

    /// The memory for compiling one function: address space of a separate process.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = memory, env = "FUNCTIONS_COMPILE_MEMORY")]
    compile_memory: usize,

    /// The time for compiling one function. A busy server compiles slowly, since requests go first.
    #[arg(long, value_name = "DURATION", default_value = "180s", value_parser = duration::positive, env = "FUNCTIONS_COMPILE_TIMEOUT")]
    compile_timeout: Duration,
}

fn memory(text: &str) -> Result<usize, String> {
    match size::parse(text)? {
        ..MIN_MEMORY => Err("too small: expected at least 128MiB".into()),
        size => Ok(size),
    }
}

impl Compiling {
    /// Lets this program compile.
    pub(crate) fn apply(&self, builder: Builder) -> Builder {
        let process = CompilerProcess::new(this_program())
            .cpu_time(self.compile_cpu_time)
            .memory(u64::try_from(self.compile_memory).unwrap_or(u64::MAX))
            .timeout(self.compile_timeout);
        builder.compiler(process)
    }
}

/// The running program, even if another file has taken its name.
#[cfg(target_os = "linux")]
fn this_program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

#[cfg(not(target_os = "linux"))]
fn this_program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| "functions".into())
}
