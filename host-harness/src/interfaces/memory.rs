use wasmtime::ResourceLimiter;

/// The most elements that a function's table may have; tables hold its function pointers.
const MAX_TABLE: usize = 100_000;

/// Bounds the memory of one invocation, all its linear memories together.
pub(crate) struct MemoryLimit {
    max: usize,
    used: usize,
    exceeded: bool,
}

impl MemoryLimit {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            used: 0,
            exceeded: false,
        }
    }

    /// The most there may be, in bytes.
    pub(crate) fn max(&self) -> usize {
        self.max
    }

    /// Whether the function asked for more than it may have. It usually traps soon after.
    pub(crate) fn exceeded(&self) -> bool {
        self.exceeded
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        if used > self.max {
            self.exceeded = true;
            return Ok(false);
        }
        self.used = used;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE)
    }
}
