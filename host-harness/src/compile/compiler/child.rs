//! The side of the process that compiles.

use std::io::{Read as _, Write as _};

use crate::compile::component_bytes::ComponentBytes;
use crate::compile::config::{self, Allocation};
use crate::compile::{NotReusable, fingerprint};

/// What the process that compiles is told on its command line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChildSettings {
    pub(crate) allocation: Allocation,
    /// In seconds.
    pub(crate) cpu_time: u64,
    /// In bytes.
    pub(crate) memory: u64,
}

/// How a process ends whose component does not compile; its standard error says why.
pub(super) const REFUSED: u8 = 65;

/// How one ends that was refused memory.
pub(super) const OUT_OF_MEMORY: u8 = 71;

/// Compiles the component on standard input, and writes the code to standard output, after the
/// fingerprint and a byte that says whether its instances are reusable. Returns the exit code.
pub(crate) fn compile_from_stdin(settings: ChildSettings) -> u8 {
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
    let compiled = ComponentBytes::new(bytes).compile(&engine)?;
    let code = compiled.component.serialize()?;
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&fingerprint::of(&engine))?;
    stdout.write_all(&[NotReusable::to_byte(compiled.reusable)])?;
    stdout.write_all(&code)?;
    stdout.flush()?;
    Ok(())
}

/// Takes on the limits before anything of the component is read.
#[cfg(unix)]
fn limit_process(settings: ChildSettings) -> std::io::Result<()> {
    use rlimit::Resource;

    // What ends a process leaves its memory on the disk, which nobody asked for.
    limit(Resource::CORE, 0, 0)?;
    // The first is a signal that tells which limit it was, the second cannot be caught.
    limit(
        Resource::CPU,
        settings.cpu_time,
        settings.cpu_time.saturating_add(1),
    )?;
    // Not every system has it.
    if let Err(error) = limit(Resource::AS, settings.memory, settings.memory) {
        tracing::debug!("no limit of memory: {error}");
    }
    // Whoever would take the code is gone.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    Ok(())
}

#[cfg(unix)]
fn limit(resource: rlimit::Resource, soft: u64, hard: u64) -> std::io::Result<()> {
    let (_, most) = resource.get()?;
    resource.set(soft.min(most), hard.min(most))
}

/// Elsewhere the time is the only limit, which the other side looks at.
#[cfg(not(unix))]
fn limit_process(_: ChildSettings) -> std::io::Result<()> {
    Ok(())
}
