//! A cache of compiled functions on disk: compiling takes most of the time to load one.
//!
//! Code from the cache runs as machine code, unchecked. So the folder and each file must belong to
//! this user, with nobody else allowed to write to them. A checksum shows whether a file is intact,
//! for this component and these settings. A file that fails any check is compiled again.

mod entry;
mod eviction;
mod folder;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::compiler::{CompileError, Fresh};
use super::component_bytes::{Compiled, ComponentBytes};
use entry::{Entry, Miss, file_name};
use eviction::Evictor;
use folder::UnusableFolder;

/// The default of [`Options::max_bytes`].
pub(crate) const MAX_BYTES: u64 = 1 << 30;

/// Where and how much a cache stores.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) folder: PathBuf,
    /// The maximum total size of the files that are not kept, in bytes.
    pub(crate) max_bytes: u64,
}

/// The SHA-256 of components whose code is never evicted; `None` if they are not known now.
pub(crate) type Kept = Box<dyn Fn() -> Option<Vec<[u8; 32]>> + Send + Sync>;

/// A folder of functions compiled for one engine; other engines may share it.
pub(crate) struct Cache {
    folder: PathBuf,
    /// A hash of everything but the component that compiled code depends on.
    settings: Sha256,
    evictor: Evictor,
    kept: OnceLock<Kept>,
}

impl Cache {
    /// Creates the folder if it is missing. Refuses a folder that others may write to.
    pub(crate) fn open(options: &Options, fingerprint: [u8; 32]) -> Result<Self, UnusableFolder> {
        let folder = folder::make_private(&options.folder)?;
        Ok(Self {
            folder,
            settings: Sha256::new_with_prefix(fingerprint),
            evictor: Evictor::new(options.max_bytes),
            kept: OnceLock::new(),
        })
    }

    /// Sets which components' code is never evicted: none, until this is called.
    pub(crate) fn keep(&self, kept: Kept) {
        // Called once, by the host that was just built.
        let _ = self.kept.set(kept);
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
            self.evictor
                .make_room(&self.folder, code.len(), || self.kept());
            Ok(entry.store(&code, compiled.reusable)?)
        });
        if let Err(error) = stored {
            tracing::warn!("cannot cache a compiled function in {entry}: {error:#}");
        }
        Ok(compiled)
    }

    fn entry(&self, wasm: &ComponentBytes) -> Entry {
        Entry::new(&self.folder, self.key(&wasm.hash))
    }

    fn key(&self, hash: &[u8; 32]) -> [u8; 32] {
        let key = self.settings.clone().chain_update(hash);
        key.finalize().into()
    }

    /// The names of the files that are never evicted; `None` if they are not known now.
    fn kept(&self) -> Option<HashSet<String>> {
        let Some(kept) = self.kept.get() else {
            return Some(HashSet::new());
        };
        let kept = kept()?;
        Some(kept.iter().map(|hash| file_name(self.key(hash))).collect())
    }
}

#[cfg(test)]
mod tests;
