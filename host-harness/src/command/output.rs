//! What a command prints to standard output: its result, unless it writes a file.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::MAX_TEXT;
use crate::message::held_bodies::{HeldBodies, Reserved};

/// A command printed more than a result may have.
#[derive(Debug, thiserror::Error)]
#[error("the command printed more than {MAX_TEXT} bytes to standard output")]
pub(crate) struct OutputTooLong;

/// What was printed so far. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct CapturedOutput(Arc<Mutex<Printed>>);

#[derive(Debug)]
struct Printed {
    bytes: Vec<u8>,
    reserved: Reserved,
}

impl CapturedOutput {
    /// Nothing yet. `host` is what all invocations together may take.
    pub(crate) fn new(host: &Arc<HeldBodies>) -> Self {
        Self(Arc::new(Mutex::new(Printed {
            bytes: Vec::new(),
            reserved: host.reserve(),
        })))
    }

    pub(crate) fn print(&self, bytes: &[u8]) -> Result<(), OutputTooLong> {
        let mut printed = self.lock();
        if printed.bytes.len() + bytes.len() > MAX_TEXT {
            return Err(OutputTooLong);
        }
        printed
            .reserved
            .grow(bytes.len())
            .map_err(|_full| OutputTooLong)?;
        printed.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes everything.
    pub(crate) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.lock().bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Printed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
