//! How functions are compiled, and where compiled ones are kept.

use std::path::PathBuf;
use std::sync::Arc;

use super::Builder;
use crate::compile::CompilerProcess;

impl Builder {
    /// Caches compiled functions in a folder. Without a cache, each host compiles all of its functions
    /// when it starts. Several hosts may share a folder, even at the same time.
    ///
    /// Cached files run as machine code. So the folder has to belong to this user, and nobody else may
    /// write to it; it is created if it is missing. If the folder cannot be used, functions are compiled
    /// and the log says why.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let harness = host_harness::Harness::builder()
    ///     .function("ping", "ping.wasm")
    ///     .cache("/var/cache/my-service")
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Limits the bytes that the cache stores besides the code of this host's functions, 1 GiB unless set.
    ///
    /// Beyond it, the files that no host has loaded for longest are deleted. So are those that no host
    /// has loaded for 30 days. The code of functions that this host serves is never deleted and does not
    /// count.
    pub fn cache_size(mut self, bytes: u64) -> Self {
        self.cache_size = Some(bytes);
        self
    }

    /// Keeps the compiled code of further components in the cache, as if this host served them. `digests`
    /// returns the SHA-256 of each, or `None` if they are not known now; then the cache deletes nothing.
    ///
    /// For functions that are deployed after the host is built. `digests` is called on threads that may
    /// block, before the cache deletes files.
    pub fn keep_compiled(
        mut self,
        digests: impl Fn() -> Option<Vec<[u8; 32]>> + Send + Sync + 'static,
    ) -> Self {
        self.keep_compiled = Some(Arc::new(digests));
        self
    }

    /// Compiles each component in a separate process, within limits of CPU time, memory and time.
    ///
    /// Without it, this process compiles. The limits on the nesting of components still apply, but the
    /// author of a component can make its compilation slow.
    pub fn compiler(mut self, process: CompilerProcess) -> Self {
        self.compiler = Some(process);
        self
    }
}
