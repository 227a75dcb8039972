use wasmtime::ResourceLimiter;

/// The most elements that a function's tables may have in total. Tables hold its function pointers.
const MAX_ELEMENTS: usize = 100_000;

/// The most core instances, and tables, of a function. Those built with the SDK have up to four.
const MAX_PARTS: usize = 64;

/// Limits the memory of one invocation, all its linear memories together.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct MemoryLimit {
    max: usize,
    /// How many linear memories there may be.
    memories: u32,
    used: usize,
    exceeded: bool,
    elements: usize,
}

impl MemoryLimit {
    pub(crate) fn new(max: usize, memories: u32) -> Self {
        Self {
            max,
            memories,
            used: 0,
            exceeded: false,
            elements: 0,
        }
    }

    /// The limit, in bytes.
    pub(crate) fn max(&self) -> usize {
        self.max
    }

    /// How much memory the function has, in bytes.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Whether the function asked for more than the limit. It usually traps soon after.
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
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let elements = desired
            .saturating_sub(current)
            .saturating_add(self.elements);
        if elements > MAX_ELEMENTS {
            return Ok(false);
        }
        self.elements = elements;
        Ok(true)
    }

    fn instances(&self) -> usize {
        MAX_PARTS
    }

    fn tables(&self) -> usize {
        MAX_PARTS
    }

    fn memories(&self) -> usize {
        usize::try_from(self.memories).unwrap_or(usize::MAX)
    }
}
