//! Puts the target's standard library into the compiler's sysroot.

mod compiler;
mod debian;
mod error;
mod lock;
mod rustup;

pub use error::{Attempt, SetupError};

use crate::CommandError;
use compiler::Compiler;

/// One way to install the target.
type Way = fn(&Compiler, &mut dyn FnMut(&str)) -> Result<(), Attempt>;

/// Makes sure that the compiler in use can build for [`TARGET`](crate::TARGET).
///
/// Returns at once and without a word where the target is installed. Otherwise `progress` is told
/// in short lines what is being done, which may take from seconds to a minute. The [crate's own
/// page](crate) lists the ways that are tried.
///
/// It is safe to call this from several processes at once, and to interrupt it.
///
/// # Errors
///
/// [`SetupError::Unavailable`] where every way failed; it lists them all, with what can be done by
/// hand. [`SetupError::Compiler`] where there is no usable `rustc`, and [`SetupError::Lock`] where
/// other processes can't be kept out.
///
/// # Examples
///
/// ```no_run
/// functions_toolchain::ensure_target(&mut |step| eprintln!("{step}"))?;
/// # Ok::<(), functions_toolchain::SetupError>(())
/// ```
pub fn ensure_target(progress: &mut dyn FnMut(&str)) -> Result<(), SetupError> {
    let compiler = Compiler::find().map_err(no_compiler)?;
    if compiler.has_target().map_err(no_compiler)? {
        return Ok(());
    }
    let _lock = lock::hold(&compiler, progress)?;
    // Another process may have installed it while this one waited.
    if compiler.has_target().map_err(no_compiler)? {
        return Ok(());
    }
    debian::clean_up(&compiler);

    let mut attempts = Vec::new();
    let ways: [Way; 2] = [rustup::install, debian::install];
    for install in ways {
        match install(&compiler, progress) {
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
