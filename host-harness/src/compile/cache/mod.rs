//! A cache of compiled functions on disk: compiling takes most of the time to load one.
//!
//! Code from the cache runs as machine code, unchecked. So the folder and each file must belong to
//! this user, with nobody else allowed to write to them. A checksum shows whether a file is intact,
//! for this component and these settings. A file that fails any check is compiled again.

mod entry;
mod eviction;
mod folder;

use std::path::{Path, PathBuf};
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::compiler::{CompileError, Fresh};
use super::component_bytes::{Compiled, ComponentBytes};
use entry::{Entry, Miss};
use folder::UnusableFolder;

/// The maximum total size of the files, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// A folder of functions compiled for one engine; other engines may share it.
pub(crate) struct Cache {
    folder: PathBuf,
    /// A hash of everything but the component that compiled code depends on.
    settings: Sha256,
}

impl Cache {
    /// Creates the folder if it is missing. Refuses a folder that others may write to.
    pub(crate) fn open(folder: &Path, fingerprint: [u8; 32]) -> Result<Self, UnusableFolder> {
        let folder = folder::make_private(folder)?;
        Ok(Self {
            folder,
            settings: Sha256::new_with_prefix(fingerprint),
        })
    }

    /// Loads the component, if the cache has it intact.
    pub(crate) fn load(
        &self,
        engine: &wasmtime::Engine,
        wasm: &ComponentBytes,
    ) -> Option<Compiled> {
        self.entry(wasm).load(engine).ok()
    }

    /// Loads the component from the cache, or else compiles and caches it.
    pub(crate) fn component(
        &self,
        engine: &wasmtime::Engine,
        wasm: &ComponentBytes,
        compile: impl FnOnce() -> Result<Fresh, CompileError>,
    ) -> Result<Compiled, CompileError> {
        let entry = self.entry(wasm);
        let began = Instant::now();
        match entry.load(engine) {
            Ok(compiled) => {
                tracing::debug!(file = %entry, took = ?began.elapsed(), "from the cache");
                return Ok(compiled);
            }
            Err(Miss::Absent) => {}
            Err(miss) => tracing::warn!("{entry}: {miss}; compiling again"),
        }
        let Fresh { compiled, code } = compile()?;
        tracing::debug!(file = %entry, took = ?began.elapsed(), "compiled");
        // A function that cannot be cached still runs.
        let code = code.map_or_else(|| compiled.component.serialize(), Ok);
        let stored = code.and_then(|code| {
            eviction::evict(&self.folder, code.len());
            Ok(entry.store(&code, compiled.reusable)?)
        });
        if let Err(error) = stored {
            tracing::warn!("cannot cache a compiled function in {entry}: {error:#}");
        }
        Ok(compiled)
    }

    fn entry(&self, wasm: &ComponentBytes) -> Entry {
        let key = self.settings.clone().chain_update(wasm.hash).finalize();
        Entry::new(&self.folder, key.into())
    }
}

#[cfg(test)]
mod tests;
