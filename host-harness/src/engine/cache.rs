//! Compiled functions, kept on disk: compiling is most of what it takes to load one.
//!
//! What is loaded from here runs as machine code, unchecked. So the folder and each file in it have to
//! be this user's, with nobody else allowed to write to them; and a checksum tells whether a file is
//! as it was written, for this component and these settings. Whatever is not as it should be is
//! compiled anew.

mod entry;
mod folder;
mod room;

use std::hash::{Hash as _, Hasher};
use std::path::{Path, PathBuf};
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::wasm::{Compiled, Wasm};
use entry::{Entry, Miss};
use folder::UnusableFolder;

/// How the host compiles a component, besides wasmtime's settings: another number when that changes.
const FORM: [u8; 1] = [5];

/// A folder of functions that were compiled for one engine, among others.
pub(super) struct Cache {
    folder: PathBuf,
    /// What compiled code depends on besides the component: wasmtime's version and settings, and the
    /// processor.
    settings: Sha256,
}

impl Cache {
    /// Makes the folder if it is missing; refuses one that others may write to.
    pub(super) fn open(folder: &Path, engine: &wasmtime::Engine) -> Result<Self, UnusableFolder> {
        folder::make_private(folder)?;
        let mut settings = StableHasher(Sha256::new_with_prefix(FORM));
        engine.precompile_compatibility_hash().hash(&mut settings);
        Ok(Self {
            folder: folder.to_owned(),
            settings: settings.0,
        })
    }

    /// The component: kept, or else compiled, and kept for the next time.
    pub(super) fn component(
        &self,
        engine: &wasmtime::Engine,
        wasm: &Wasm,
    ) -> wasmtime::Result<Compiled> {
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
        let compiled = wasm.compile(engine)?;
        tracing::debug!(file = %entry, took = ?began.elapsed(), "compiled");
        // A function that cannot be kept runs all the same.
        let kept = compiled.component.serialize().and_then(|code| {
            room::make(&self.folder, code.len());
            Ok(entry.keep(&code, compiled.reusable)?)
        });
        if let Err(error) = kept {
            tracing::warn!("cannot keep a compiled function in {entry}: {error:#}");
        }
        Ok(compiled)
    }

    fn entry(&self, wasm: &Wasm) -> Entry {
        let key = self.settings.clone().chain_update(wasm.hash).finalize();
        Entry::new(&self.folder, key.into())
    }
}

/// Takes what wasmtime hashes of itself into a hash that is the same in every process.
struct StableHasher(Sha256);

impl Hasher for StableHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Of no use: nobody asks for 64 bits of it.
    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests;
