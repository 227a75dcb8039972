//! Keeps two processes from installing the target at once.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::ErrorKind,
};

use super::{SetupError, compiler::Compiler};

/// Waits for the right to install, which ends when the returned file is dropped.
///
/// `None` where the sysroot can't be written to: then nothing can be installed there either, and
/// there is nothing to guard.
pub(super) fn hold(
    compiler: &Compiler,
    progress: &mut dyn FnMut(&str),
) -> Result<Option<File>, SetupError> {
    // The file stays: were it removed, a process that waits on it and one that makes it anew would
    // both go ahead.
    let path = compiler.rustlib().join(".functions-toolchain.lock");
    let opened = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if is_unwritable(error.kind()) => return Ok(None),
        Err(source) => return Err(SetupError::Lock { path, source }),
    };
    let locked = match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            progress("waiting for another process that installs the wasm32-wasip2 target");
            file.lock()
        }
        Err(TryLockError::Error(error)) => Err(error),
        Ok(()) => Ok(()),
    };
    match locked {
        // Some network file systems have no locks: better unguarded than not at all.
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
        Err(source) => Err(SetupError::Lock { path, source }),
        Ok(()) => Ok(Some(file)),
    }
}

fn is_unwritable(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    )
}
