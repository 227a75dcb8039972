//! The side of the process that has components compiled.

use std::io::{self, Read, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::CompileError;
use super::child::{OUT_OF_MEMORY, REFUSED};
use crate::compile::NotReusable;
use crate::compile::config::Allocation;
use crate::limits::{FAR, not_zero};

/// The subcommand of `functions` that compiles.
pub(crate) const SUBCOMMAND: &str = "compile-component";

/// How much of what the process says on standard error is told.
const MAX_SAID: usize = 2048;

/// How many threads compile. Each has a stack, which counts as memory.
const MAX_THREADS: usize = 8;

/// How much address space the allocator takes at a time, in KiB: it would begin with all that there is.
const ARENA_KIB: u32 = 32 * 1024;

/// How often the end of the process is looked for once it has written everything.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Compiles components in a process of its own for each, within limits.
///
/// A component that a stranger wrote can make a compiler take minutes and gigabytes, or crash. In a
/// process of its own it takes 20 s of CPU time, 1 GiB of memory and 60 s at the most, unless set
/// otherwise, and the component is refused.
///
/// ```no_run
/// # fn main() -> Result<(), host_harness::BuildError> {
/// let harness = host_harness::Harness::builder()
///     .function("ping", "ping.wasm")
///     .compiler(host_harness::CompilerProcess::new("/usr/bin/functions"))
///     .build()?;
/// # Ok(())
/// # }
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

    /// Time from start to end of the process.
    pub const TIMEOUT: Duration = Duration::from_secs(60);

    /// Compiles with a program that is the command `functions` of this version.
    ///
    /// What the program returns runs as machine code in this process, so it has to be as trusted as
    /// this process: a file of this user's or of root's that nobody else may write to.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            cpu_time: Self::CPU_TIME,
            memory: Self::MEMORY,
            timeout: Self::TIMEOUT,
        }
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

    /// The first limit that nothing can be compiled within.
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

    /// Has one component compiled.
    pub(super) fn run(
        &self,
        component: &[u8],
        allocation: Allocation,
    ) -> Result<Output, CompileError> {
        let mut child = self.start(allocation).map_err(|source| {
            let program = self.program.clone();
            ProcessError::NotStarted { program, source }
        })?;
        let talked = talk(
            &mut child,
            component,
            Instant::now() + self.timeout.min(FAR),
        );
        if talked.is_err() {
            // It would wait for the rest of its input for ever.
            let _ = child.kill();
            let _ = child.wait();
        }
        let talk = talked.map_err(ProcessError::Broken)?;
        match talk.status {
            None => Err(ProcessError::Timeout(self.timeout).into()),
            Some(status) if status.success() => Ok(Output(talk.output)),
            Some(status) => Err(self.failure(status, &talk.said)),
        }
    }

    fn start(&self, allocation: Allocation) -> io::Result<Child> {
        let more = u64::from(self.cpu_time.subsec_nanos() > 0);
        let cpu_time = self.cpu_time.as_secs().saturating_add(more);
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let mut command = Command::new(&self.program);
        command
            .arg(SUBCOMMAND)
            .args(["--allocation", allocation.name()])
            .args(["--cpu-seconds", &cpu_time.to_string()])
            .args(["--memory-bytes", &self.memory.to_string()])
            // Secrets are none of its business.
            .env_clear()
            .env("RAYON_NUM_THREADS", threads.min(MAX_THREADS).to_string())
            .env("MIMALLOC_ARENA_RESERVE", ARENA_KIB.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn()
    }

    /// What became of a process that ended before its time.
    fn failure(&self, status: ExitStatus, said: &str) -> CompileError {
        let said = said.trim();
        // What Rust says before it aborts for this reason, which has no exit code of its own.
        let is_out_of_memory = said.contains("memory allocation of");
        match status.code().and_then(|code| u8::try_from(code).ok()) {
            Some(REFUSED) => return CompileError::Refused(said.to_owned()),
            Some(OUT_OF_MEMORY) => return ProcessError::Memory(self.memory).into(),
            _ if is_out_of_memory => return ProcessError::Memory(self.memory).into(),
            _ => {}
        }
        if is_out_of_cpu_time(status) {
            return ProcessError::CpuTime(self.cpu_time).into();
        }
        let said = said.to_owned();
        ProcessError::Crashed { status, said }.into()
    }
}

/// Why a process that compiles did not come to an end of its own.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProcessError {
    #[error(
        "compiling it takes more than its limit of {0:?} of CPU time; --compile-cpu-time raises it"
    )]
    CpuTime(Duration),
    #[error(
        "compiling it takes more than its limit of {0} bytes of memory; --compile-memory raises it"
    )]
    Memory(u64),
    #[error("compiling it takes longer than its limit of {0:?}; --compile-timeout raises it")]
    Timeout(Duration),
    #[error("the process that compiles it failed ({status}): {said}")]
    Crashed { status: ExitStatus, said: String },
    #[error("{} cannot be started, which compiles components", program.display())]
    NotStarted { program: PathBuf, source: io::Error },
    #[error("the process that compiles it cannot be talked to")]
    Broken(#[source] io::Error),
    #[error(
        "the program that compiles it is of another version than this host; give that of this one"
    )]
    OtherVersion,
}

/// What a process wrote that ended well.
pub(super) struct Output(Vec<u8>);

impl Output {
    /// The code, and whether the function's instances are reusable, if it was compiled for this engine.
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
        let reusable = reusable.ok_or(ProcessError::OtherVersion)?;
        code.drain(..head);
        Ok((code, reusable))
    }
}

/// What a process said, and how it ended; it was killed if that is none.
struct Talk {
    output: Vec<u8>,
    said: String,
    status: Option<ExitStatus>,
}

/// Hands a process its input, and takes what it writes, until it has ended or its time has.
fn talk(child: &mut Child, input: &[u8], deadline: Instant) -> io::Result<Talk> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (done, output_ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let start = || thread::Builder::new().name("compile".into());
        // One that ended before it read everything tells elsewhere why.
        start().spawn_scoped(scope, move || stdin.map(|mut stdin| stdin.write_all(input)))?;
        let output = start().spawn_scoped(scope, move || {
            let output = read(stdout, usize::MAX);
            drop(done);
            output
        })?;
        let said = start().spawn_scoped(scope, move || read(stderr, MAX_SAID))?;
        let left = deadline.saturating_duration_since(Instant::now());
        let in_time = output_ended.recv_timeout(left) == Err(mpsc::RecvTimeoutError::Disconnected);
        let status = if in_time {
            end_by(child, deadline)?
        } else {
            None
        };
        if status.is_none() {
            child.kill()?;
            child.wait()?;
        }
        let lost = |_| io::Error::other("a thread panicked");
        let said = said.join().map_err(lost)??;
        Ok(Talk {
            output: output.join().map_err(lost)??,
            said: String::from_utf8_lossy(&said).into_owned(),
            status,
        })
    })
}

/// Reads to the end, and keeps the first so many bytes.
fn read(from: Option<impl Read>, most: usize) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    if let Some(mut from) = from {
        from.by_ref()
            .take(u64::try_from(most).unwrap_or(u64::MAX))
            .read_to_end(&mut kept)?;
        io::copy(&mut from, &mut io::sink())?;
    }
    Ok(kept)
}

/// Waits for the end of a process that has written everything.
fn end_by(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        thread::sleep(LOOK_EVERY);
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
