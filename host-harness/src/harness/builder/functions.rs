//! The functions that a host serves from the start.

use std::path::PathBuf;

use super::Builder;
use crate::engine::Reuse;
use crate::registry::FunctionSettings;

impl Builder {
    /// Serves a component from a file at `/NAME`.
    pub fn function(mut self, name: impl Into<String>, file: impl Into<PathBuf>) -> Self {
        self.functions.push((name.into(), file.into()));
        self
    }

    /// Makes a function callable by other functions only. For clients there is no function of that name.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let harness = host_harness::Harness::builder()
    ///     .function("front", "front.wasm")
    ///     .function("resizer", "resizer.wasm")
    ///     .private("resizer")
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn private(mut self, name: impl Into<String>) -> Self {
        self.private.push(name.into());
        self
    }

    /// Sets whether a request may run in an instance that has run others of the same function.
    pub fn reuse(mut self, reuse: Reuse) -> Self {
        self.reuse = Some(reuse);
        self
    }

    /// Sets the reuse of one function's instances, overriding [`reuse`](Self::reuse).
    ///
    /// ```no_run
    /// use host_harness::{Harness, Reuse};
    ///
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let harness = Harness::builder()
    ///     .function("ours", "ours.wasm")
    ///     .function("theirs", "theirs.wasm")
    ///     .function_reuse("theirs", Reuse::Never)
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn function_reuse(mut self, name: impl Into<String>, reuse: Reuse) -> Self {
        self.function_reuse.insert(0, (name.into(), reuse));
        self
    }

    /// Sets the settings of one function. [`private`](Self::private) and [`function_reuse`](Self::function_reuse)
    /// come before them.
    ///
    /// ```no_run
    /// use host_harness::{FunctionSettings, Harness};
    ///
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let mut settings = FunctionSettings::default();
    /// settings.memory = Some(16 << 20);
    /// let harness = Harness::builder()
    ///     .function("resizer", "resizer.wasm")
    ///     .function_settings("resizer", settings)
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn function_settings(
        mut self,
        name: impl Into<String>,
        settings: FunctionSettings,
    ) -> Self {
        self.function_settings.insert(name.into(), settings);
        self
    }

    /// Sets how often a reset is verified; see [`Limits::verify_reuse`](crate::Limits::verify_reuse).
    pub fn verify_reuse(mut self, one_of: u32) -> Self {
        self.limits.verify_reuse = one_of;
        self
    }
}
