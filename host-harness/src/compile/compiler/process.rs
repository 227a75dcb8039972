//! The parent process, which starts a compiler for each component.

use std::env;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::CompileError;
use super::child::{ChildSettings, OUT_OF_MEMORY, REFUSED, compile_from_stdin};
use super::exchange::exchange;
use crate::compile::NotReusable;
use crate::compile::config::Allocation;
use crate::limits::{FAR, not_zero};

/// The first argument of a process that compiles.
const SUBCOMMAND: &str = "compile-component";

/// The exit code for arguments that do not parse.
const USAGE: u8 = 2;

/// The maximum number of threads that compile. Each has a stack, which counts as memory.
const MAX_THREADS: usize = 8;

/// How much address space the allocator reserves at a time, in KiB. Its default is all of the
/// limit.
const ARENA_KIB: u32 = 32 * 1024;

/// Compiles each component in its own process, within limits.
///
/// A hostile component can make a compiler take minutes and gigabytes, or crash. In its own
/// process, compilation takes at most 20 s of CPU time, 1 GiB of memory and 180 s of wall-clock
/// time, unless set otherwise. A component that exceeds a limit is refused.
/// The process has a lower priority than this one.
///
/// ```no_run
/// use host_harness::{CompilerProcess, Harness};
///
/// fn main() -> Result<std::process::ExitCode, host_harness::BuildError> {
///     // The program compiles by starting itself again.
///     if let Some(ended) = CompilerProcess::run_child() {
///         return Ok(ended);
///     }
///     let harness = Harness::builder()
///         .function("ping", "ping.wasm")
///         .compiler(CompilerProcess::new("/proc/self/exe"))
///         .build()?;
///     Ok(std::process::ExitCode::SUCCESS)
/// }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct CompilerProcess {
    program: PathBuf,
    cpu_time: Duration,
    memory: u64,
    timeout: Duration,
}

impl CompilerProcess {
    /// CPU time of all threads of the process.
    pub const CPU_TIME: Duration = Duration::from_secs(20);

    /// Address space of the process, in bytes.
    pub const MEMORY: u64 = 1 << 30;

    /// Time from start to end of the process. On a machine that is busy, the process gets a tenth
    /// of it, since requests go first.
    pub const TIMEOUT: Duration = Duration::from_secs(180);

    /// Compiles with this program: the command `functions` of the same version, or any program whose `main`
    /// calls [`run_child`](Self::run_child).
    ///
    /// The program's output runs as machine code in this process, so the program must be as trusted
    /// as this process. Use a file of this user or of root that nobody else may write to.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            cpu_time: Self::CPU_TIME,
            memory: Self::MEMORY,
            timeout: Self::TIMEOUT,
        }
    }

    /// Compiles the component on standard input if this process was started as a compiler, and returns how it
    /// ended; `None` if it was started as anything else.
    ///
    /// A program that names itself as the compiler calls this first of all in `main`.
    #[must_use]
    pub fn run_child() -> Option<ExitCode> {
        let mut arguments = env::args_os().skip(1);
        if arguments.next()? != SUBCOMMAND {
            return None;
        }
        Some(match ChildSettings::parse(arguments) {
            Some(settings) => ExitCode::from(compile_from_stdin(settings)),
            None => {
                eprintln!("error: only a host of the same version starts {SUBCOMMAND}");
                ExitCode::from(USAGE)
            }
        })
    }

    /// Limits the CPU time of all threads of the process; whole seconds, rounded up.
    pub fn cpu_time(mut self, cpu_time: Duration) -> Self {
        self.cpu_time = cpu_time;
        self
    }

    /// Limits the memory of the process, in bytes of address space.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Limits the time from start to end of the process.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Refuses limits of zero.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (cpu_time, memory, timeout) = (Self::CPU_TIME, Self::MEMORY, Self::TIMEOUT);
        let is_zero = self.cpu_time.is_zero();
        not_zero(
            "CompilerProcess::cpu_time",
            is_zero,
            format_args!("such as {cpu_time:?}"),
        )?;
        let is_zero = self.memory == 0;
        not_zero(
            "CompilerProcess::memory",
            is_zero,
            format_args!("such as {memory} bytes"),
        )?;
        let is_zero = self.timeout.is_zero();
        not_zero(
            "CompilerProcess::timeout",
            is_zero,
            format_args!("such as {timeout:?}"),
        )
    }

    /// Compiles one component.
    pub(super) fn run(
        &self,
        component: &[u8],
        allocation: Allocation,
    ) -> Result<ChildOutput, CompileError> {
        let mut child = self.start(allocation).map_err(|source| {
            let program = self.program.clone();
            ProcessError::NotStarted { program, source }
        })?;
        let exchanged = exchange(
            &mut child,
            component,
            Instant::now() + self.timeout.min(FAR),
        );
        if exchanged.is_err() {
            // Otherwise it would wait for the rest of its input forever.
            let _ = child.kill();
            let _ = child.wait();
        }
        let exchange = exchanged.map_err(ProcessError::Io)?;
        match exchange.status {
            None => Err(ProcessError::Timeout(self.timeout).into()),
            Some(status) if status.success() => Ok(ChildOutput(exchange.output)),
            Some(status) => Err(self.failure(status, &exchange.message)),
        }
    }

    fn start(&self, allocation: Allocation) -> io::Result<Child> {
        let rounded_up = u64::from(self.cpu_time.subsec_nanos() > 0);
        let cpu_time = self.cpu_time.as_secs().saturating_add(rounded_up);
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let mut command = Command::new(&self.program);
        command
            .arg(SUBCOMMAND)
            .args(
                ChildSettings {
                    allocation,
                    cpu_time,
                    memory: self.memory,
                }
                .arguments(),
            )
            // The child needs no secrets.
            .env_clear()
            .env("RAYON_NUM_THREADS", threads.min(MAX_THREADS).to_string())
            .env("MIMALLOC_ARENA_RESERVE", ARENA_KIB.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn()
    }

    /// The error of a process that failed.
    fn failure(&self, status: ExitStatus, message: &str) -> CompileError {
        let message = message.trim();
        // Rust prints this before it aborts, and sets no exit code of its own.
        let is_out_of_memory = message.contains("memory allocation of");
        match status.code().and_then(|code| u8::try_from(code).ok()) {
            Some(REFUSED) => return CompileError::Refused(message.to_owned()),
            Some(OUT_OF_MEMORY) => return ProcessError::Memory(self.memory).into(),
            _ if is_out_of_memory => return ProcessError::Memory(self.memory).into(),
            _ => {}
        }
        if is_out_of_cpu_time(status) {
            return ProcessError::CpuTime(self.cpu_time).into();
        }
        let message = message.to_owned();
        ProcessError::Crashed { status, message }.into()
    }
}

/// Why the child process gave no code and no reason.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProcessError {
    #[error("compilation exceeds its limit of {0:?} of CPU time; raise it with --compile-cpu-time")]
    CpuTime(Duration),
    #[error("compilation exceeds its limit of {0} bytes of memory; raise it with --compile-memory")]
    Memory(u64),
    #[error("compilation exceeds its time limit of {0:?}; raise it with --compile-timeout")]
    Timeout(Duration),
    #[error("the compiler process failed ({status}): {message}")]
    Crashed { status: ExitStatus, message: String },
    #[error("the compiler {} cannot be started", program.display())]
    NotStarted { program: PathBuf, source: io::Error },
    #[error("cannot communicate with the compiler process")]
    Io(#[source] io::Error),
    #[error("the compiler is of another version than this host; give the program of this version")]
    VersionMismatch,
}

impl ProcessError {
    /// Whether the component is not to blame. What takes too long without too much CPU time waits for a processor.
    pub(crate) fn is_of_host(&self) -> bool {
        match self {
            Self::Timeout(_) | Self::NotStarted { .. } | Self::Io(_) | Self::VersionMismatch => {
                true
            }
            Self::CpuTime(_) | Self::Memory(_) | Self::Crashed { .. } => false,
        }
    }
}

/// The output of a process that succeeded.
pub(super) struct ChildOutput(Vec<u8>);

impl ChildOutput {
    /// The code, and whether instances are reusable, if it was compiled for this engine.
    pub(super) fn open(
        self,
        fingerprint: &[u8; 32],
    ) -> Result<(Vec<u8>, Result<(), NotReusable>), ProcessError> {
        let mut code = self.0;
        let head = fingerprint.len() + 1;
        let reusable = match code.split_first_chunk() {
            Some((of, [reusable, ..])) if of == fingerprint => NotReusable::from_byte(*reusable),
            _ => None,
        };
        let reusable = reusable.ok_or(ProcessError::VersionMismatch)?;
        code.drain(..head);
        Ok((code, reusable))
    }
}

#[cfg(unix)]
fn is_out_of_cpu_time(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;

    status.signal() == Some(rustix::process::Signal::XCPU.as_raw())
}

#[cfg(not(unix))]
fn is_out_of_cpu_time(_: ExitStatus) -> bool {
    false
}
