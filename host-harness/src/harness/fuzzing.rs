//! Hooks for `cargo xtask fuzz` beyond the public API. The feature does not compile in release builds.

use crate::engine::Pool;
use crate::pool;
use crate::{Builder, Harness};

impl Builder {
    /// Compiles components without rewriting them.
    pub fn without_rewriting(mut self) -> Self {
        self.setup.rewrite = false;
        self
    }

    /// Takes memories and stacks from wasmtime's own pool.
    pub fn on_pool_of_wasmtime(mut self) -> Self {
        self.setup.pool = Pool::Wasmtime;
        self
    }
}

impl Harness {
    /// Whether instances of a function are reused, or why not; `None` for an unknown function.
    #[must_use]
    pub fn reuse_of(&self, function: &str) -> Option<Result<(), String>> {
        let reusable = self.gateway.registry.reusable(function)?;
        Some(reusable.map_err(|reason| reason.to_string()))
    }
}

/// Activates one of the seeded bugs; 0 activates none.
pub fn seed_bug(number: u8) {
    pool::seeded_bugs::seed(number);
}

/// Whether the host finds pages that are not present: see bug 8. `None` if the kernel cannot make such
/// pages without swapping.
#[must_use]
pub fn finds_pages_that_are_not_present() -> Option<bool> {
    pool::finds_pages_that_are_not_present()
}

/// The paths that instances took, and how often.
pub fn coverage() -> impl Iterator<Item = (&'static str, u64)> {
    pool::coverage::counts()
}
