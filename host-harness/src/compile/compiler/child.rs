//! The child process, which compiles.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};

use crate::compile::component_bytes::ComponentBytes;
use crate::compile::config::{self, Allocation};
use crate::compile::{NotReusable, fingerprint};
use crate::threads::priority;

/// The settings of the child process, from its command line.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChildSettings {
    pub(super) allocation: Allocation,
    /// In seconds.
    pub(super) cpu_time: u64,
    /// In bytes.
    pub(super) memory: u64,
}

impl ChildSettings {
    /// The arguments that [`parse`](Self::parse) takes, in this order.
    pub(super) fn arguments(self) -> [String; 3] {
        let Self {
            allocation,
            cpu_time,
            memory,
        } = self;
        [
            allocation.name().into(),
            cpu_time.to_string(),
            memory.to_string(),
        ]
    }

    /// `None` for arguments that no host of this version gives.
    pub(super) fn parse(arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let arguments: Option<Vec<_>> = arguments.map(|text| text.into_string().ok()).collect();
        let [allocation, cpu_time, memory]: [String; 3] = arguments?.try_into().ok()?;
        Some(Self {
            allocation: Allocation::named(&allocation)?,
            cpu_time: cpu_time.parse().ok()?,
            memory: memory.parse().ok()?,
        })
    }
}

/// The exit code if the component does not compile. Standard error has the reason.
pub(super) const REFUSED: u8 = 65;

/// The exit code if the process ran out of memory.
pub(super) const OUT_OF_MEMORY: u8 = 71;

/// Compiles the component on standard input, and returns the exit code.
///
/// Writes to standard output: the fingerprint, a byte that says whether instances are reusable, and
/// the code.
pub(super) fn compile_from_stdin(settings: ChildSettings) -> u8 {
    // A panic is an error here, and its place in the compiler is nothing that an error should name.
    std::panic::set_hook(Box::new(|_| {}));
    if let Err(error) = priority::lower() {
        tracing::debug!("cannot lower the priority of the compiler: {error}");
    }
    let result = limit_process(settings)
        .map_err(wasmtime::Error::from)
        .and_then(|()| compile(settings.allocation));
    let Err(error) = result else { return 0 };
    eprintln!("{error:#}");
    let causes = error.chain();
    let mut errors = causes.filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    if errors.any(|error| error.kind() == std::io::ErrorKind::OutOfMemory) {
        OUT_OF_MEMORY
    } else {
        REFUSED
    }
}

fn compile(allocation: Allocation) -> wasmtime::Result<()> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    let engine = config::compiling(allocation)?;
    let compiled = ComponentBytes::new(bytes).compile_for(&engine, allocation)?;
    let code = compiled.component.serialize()?;
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&fingerprint::of(&engine))?;
    stdout.write_all(&[NotReusable::to_byte(compiled.reusable)])?;
    stdout.write_all(&code)?;
    stdout.flush()?;
    Ok(())
}

/// Applies the limits before reading any of the component.
#[cfg(unix)]
fn limit_process(settings: ChildSettings) -> std::io::Result<()> {
    use rlimit::Resource;

    // A crash would otherwise write the memory to disk, where nobody needs it.
    limit(Resource::CORE, 0, 0)?;
    // The soft limit raises a signal that identifies it. The hard limit kills.
    limit(
        Resource::CPU,
        settings.cpu_time,
        settings.cpu_time.saturating_add(1),
    )?;
    // Some systems lack this limit.
    if let Err(error) = limit(Resource::AS, settings.memory, settings.memory) {
        tracing::debug!("cannot limit memory: {error}");
    }
    // Ends with the parent, which would read the code.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    Ok(())
}

#[cfg(unix)]
fn limit(resource: rlimit::Resource, soft: u64, hard: u64) -> std::io::Result<()> {
    let (_, max) = resource.get()?;
    resource.set(soft.min(max), hard.min(max))
}

/// Without Unix limits, the parent's timeout is the only one.
#[cfg(not(unix))]
fn limit_process(_: ChildSettings) -> std::io::Result<()> {
    Ok(())
}
