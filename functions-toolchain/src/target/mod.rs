//! Installs the target's standard library in the compiler's sysroot.

mod compiler;
mod error;
mod lock;
mod ways;

use std::path::Path;

pub use error::{Attempt, SetupError};
pub use ways::rustup_toolchain;

use crate::CommandError;
use compiler::Compiler;

/// Installs [`TARGET`](crate::TARGET) for the compiler in use, unless it is installed.
///
/// Returns at once and silently if the target is installed. Otherwise runs `rustup target add`, and
/// `progress` receives short lines about it.
///
/// Several processes may call this function at once, and interrupting it is safe.
///
/// # Errors
///
/// - [`SetupError::Unavailable`]: rustup failed. The error says why, and what to do by hand.
/// - [`SetupError::Compiler`]: no usable `rustc`.
/// - [`SetupError::Lock`]: the lock against other processes failed.
///
/// # Examples
///
/// ```no_run
/// functions_toolchain::ensure_target(&mut |step| eprintln!("{step}"))?;
/// # Ok::<(), functions_toolchain::SetupError>(())
/// ```
pub fn ensure_target(progress: &mut dyn FnMut(&str)) -> Result<(), SetupError> {
    install(None, progress)
}

/// Whether [`TARGET`](crate::TARGET) is installed for the compiler in use.
///
/// # Errors
///
/// [`SetupError::Compiler`]: no usable `rustc`.
pub fn has_target() -> Result<bool, SetupError> {
    let compiler = Compiler::find().map_err(no_compiler)?;
    compiler.has_target().map_err(no_compiler)
}

/// Like [`ensure_target`], and runs a script if rustup fails.
///
/// `sh` runs the script with the compiler in `$RUSTC`. The script puts a complete target into the
/// compiler's sysroot, in rustup's layout, in one step.
///
/// A script's target may have the output of `rustc -vV` in `compiled-for-rustc.txt`. If the compiler
/// changes, such a target is installed again. Rustup updates its own targets.
///
/// # Errors
///
/// Those of [`ensure_target`]; [`SetupError::Unavailable`] says why rustup and the script failed.
///
/// # Examples
///
/// ```no_run
/// use std::path::Path;
///
/// let script = Path::new("scripts/install-target.sh");
/// functions_toolchain::ensure_target_or_run(script, &mut |step| eprintln!("{step}"))?;
/// # Ok::<(), functions_toolchain::SetupError>(())
/// ```
pub fn ensure_target_or_run(
    script: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<(), SetupError> {
    install(Some(script), progress)
}

fn install(script: Option<&Path>, progress: &mut dyn FnMut(&str)) -> Result<(), SetupError> {
    let compiler = Compiler::find().map_err(no_compiler)?;
    if compiler.has_target().map_err(no_compiler)? {
        return Ok(());
    }
    let _lock = lock::hold(&compiler, progress)?;
    // Another process may have installed it while this one waited.
    if compiler.has_target().map_err(no_compiler)? {
        return Ok(());
    }
    let mut attempts = match ways::rustup(&compiler, progress) {
        Ok(()) => return Ok(()),
        Err(attempt) => vec![attempt],
    };
    if let Some(script) = script {
        match ways::script(script, &compiler, progress) {
            Ok(()) => return Ok(()),
            Err(attempt) => attempts.push(attempt),
        }
    }
    let version = compiler.verbose_version().map_err(no_compiler)?;
    Err(SetupError::Unavailable {
        rustc: compiler::release(&version).unwrap_or(&version).to_owned(),
        directory: compiler.target_dir(),
        attempts,
    })
}

fn no_compiler(source: CommandError) -> SetupError {
    SetupError::Compiler { source }
}
