//! Prevents two processes from installing the target at once.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::ErrorKind,
};

use super::{SetupError, compiler::Compiler};

/// Waits for the lock, which is released when the returned file is dropped.
///
/// `None` if the sysroot is not writable, because nothing can be installed there either.
pub(super) fn hold(
    compiler: &Compiler,
    progress: &mut dyn FnMut(&str),
) -> Result<Option<File>, SetupError> {
    // The file is kept. If it were removed, a process that waits for it and a process that creates it
    // again would both continue.
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
        // Some network file systems have no locks; installing without a lock is better than failing.
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
