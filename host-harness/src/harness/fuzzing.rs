//! What `cargo xtask fuzz` needs of the host beyond its API. Not for release builds, in which the feature
//! does not compile.

use crate::engine::Pool;
use crate::pool;
use crate::{Builder, Harness};

impl Builder {
    /// Compiles components as they are.
    pub fn without_rewriting(mut self) -> Self {
        self.setup.rewrite = false;
        self
    }

    /// Takes memories and stacks from wasmtime's pool.
    pub fn on_pool_of_wasmtime(mut self) -> Self {
        self.setup.pool = Pool::Wasmtime;
        self
    }
}

impl Harness {
    /// Whether instances of a function are reused, or why not; none where there is no such function.
    #[must_use]
    pub fn reuse_of(&self, function: &str) -> Option<Result<(), String>> {
        let reusable = self.reusable(function)?;
        Some(reusable.map_err(|reason| reason.to_string()))
    }
}

/// Turns one of the bugs on that can be put in on purpose; 0 is none.
pub fn seed_bug(number: u8) {
    pool::seeded_bugs::seed(number);
}

/// Whether the host finds pages that are not present: see bug 8. None where the kernel has no way to make
/// such pages without swapping.
#[must_use]
pub fn finds_pages_that_are_not_present() -> Option<bool> {
    pool::finds_pages_that_are_not_present()
}

/// Which ways instances went, and how often.
pub fn coverage() -> impl Iterator<Item = (&'static str, u64)> {
    pool::coverage::counts()
}
