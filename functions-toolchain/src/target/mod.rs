//! Puts the target's standard library into the compiler's sysroot.

mod compiler;
mod error;
mod lock;
mod ways;

use std::path::Path;

pub use error::{Attempt, SetupError};

use crate::CommandError;
use compiler::Compiler;

/// Makes sure that the compiler in use can build for [`TARGET`](crate::TARGET).
///
/// Returns at once and without a word where the target is installed. Otherwise `progress` is told
/// in short lines what is being done: `rustup target add`.
///
/// It is safe to call this from several processes at once, and to interrupt it.
///
/// # Errors
///
/// - [`SetupError::Unavailable`]: rustup failed. The error says why, and what can be done by hand.
/// - [`SetupError::Compiler`]: there is no usable `rustc`.
/// - [`SetupError::Lock`]: other processes cannot be kept out.
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

/// Makes sure of the target like [`ensure_target`], and runs a script where rustup fails.
///
/// `sh` runs the script with the compiler in `$RUSTC`. The script puts a whole target into the
/// compiler's sysroot, laid out as rustup does, in one step.
///
/// A target of a script may hold the output of `rustc -vV` in `compiled-for-rustc.txt`. Once the
/// compiler has changed, such a target is installed anew. Rustup keeps its own up to date.
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
