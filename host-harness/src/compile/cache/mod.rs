//! Compiled functions, kept on disk: compiling is most of what it takes to load one.
//!
//! What is loaded from here runs as machine code, unchecked. So the folder and each file in it have to
//! be this user's, with nobody else allowed to write to them; and a checksum tells whether a file is
//! as it was written, for this component and these settings. Whatever is not as it should be is
//! compiled anew.

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

/// A folder of functions that were compiled for one engine, among others.
pub(crate) struct Cache {
    folder: PathBuf,
    /// What compiled code depends on besides the component.
    settings: Sha256,
}

impl Cache {
    /// Makes the folder if it is missing; refuses one that others may write to.
    pub(crate) fn open(folder: &Path, fingerprint: [u8; 32]) -> Result<Self, UnusableFolder> {
        let folder = folder::make_private(folder)?;
        Ok(Self {
            folder,
            settings: Sha256::new_with_prefix(fingerprint),
        })
    }

    /// The component: kept, or else compiled, and kept for the next time.
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
            Err(Miss::None) => {}
            Err(miss) => tracing::warn!("{entry}: {miss}; compiling anew"),
        }
        let Fresh { compiled, code } = compile()?;
        tracing::debug!(file = %entry, took = ?began.elapsed(), "compiled");
        // A function that cannot be kept runs all the same.
        let code = code.map_or_else(|| compiled.component.serialize(), Ok);
        let kept = code.and_then(|code| {
            eviction::make(&self.folder, code.len());
            Ok(entry.keep(&code, compiled.reusable)?)
        });
        if let Err(error) = kept {
            tracing::warn!("cannot keep a compiled function in {entry}: {error:#}");
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
