//! Limits the memory of a worker.

use wasmtime::ResourceLimiter;

/// How many elements a table may have.
const MAX_TABLE: usize = 1 << 20;

/// Limits all memories of a worker together. The answers depend on the guest alone, so that a replay gets
/// the same.
#[derive(Debug)]
pub(crate) struct MemoryLimit {
    limit: usize,
    used: usize,
    /// Whether something was refused.
    is_refused: bool,
}

/// What a component needs to begin with is more than it may have.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}: raise --worker-memory, or use a component that needs less")]
pub(crate) struct TooLarge(pub(crate) String);

impl MemoryLimit {
    pub(crate) fn new(bytes: u64) -> Self {
        Self {
            limit: usize::try_from(bytes).unwrap_or(usize::MAX),
            used: 0,
            is_refused: false,
        }
    }

    /// Whether memory or a table was refused.
    pub(crate) fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// What all memories have, in bytes.
    pub(crate) fn used(&self) -> usize {
        self.used
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        if used > self.limit || maximum.is_some_and(|maximum| desired > maximum) {
            self.is_refused = true;
            return Ok(false);
        }
        self.used = used;
        Ok(true)
    }

    /// The host has no memory: the guest must not see that, since it would not see it again.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let has_room = desired <= MAX_TABLE && maximum.is_none_or(|maximum| desired <= maximum);
        self.is_refused |= !has_room;
        Ok(has_room)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error)
    }
}
