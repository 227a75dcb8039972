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
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::compiler::{CompileError, Compiler, Fresh};
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
pub(crate) type KeptHashes = Box<dyn Fn() -> Option<Vec<[u8; 32]>> + Send + Sync>;

/// Compiles a component, or loads it from the cache if there is one.
pub(crate) fn compiled(
    cache: Option<&Cache>,
    compiler: &Compiler,
    engine: &wasmtime::Engine,
    wasm: &ComponentBytes,
) -> Result<Compiled, CompileError> {
    let compile = || compiler.compile(engine, wasm);
    match cache {
        Some(cache) => cache.component(engine, wasm, compile),
        None => compile().map(|fresh| fresh.compiled),
    }
}

/// A folder of functions compiled for one engine; other engines may share it.
pub(crate) struct Cache {
    shared: Arc<SharedCache>,
    /// A hash of everything but the component that compiled code depends on.
    settings: Sha256,
}

/// What the caches of several engines share.
struct SharedCache {
    folder: PathBuf,
    evictor: Evictor,
    kept: OnceLock<KeptHashes>,
    /// The settings of all these engines: what one stores evicts nothing that another keeps.
    settings: Mutex<Vec<Sha256>>,
}

impl Cache {
    /// Creates the folder if it is missing. Refuses a folder that others may write to.
    pub(crate) fn open(options: &Options, fingerprint: [u8; 32]) -> Result<Self, UnusableFolder> {
        let folder = folder::make_private(&options.folder)?;
        let shared = Arc::new(SharedCache {
            folder,
            evictor: Evictor::new(options.max_bytes),
            kept: OnceLock::new(),
            settings: Mutex::default(),
        });
        Ok(Self::of(shared, fingerprint))
    }

    /// The cache of another engine in the same folder, within the same size.
    pub(crate) fn for_engine(&self, fingerprint: [u8; 32]) -> Self {
        Self::of(Arc::clone(&self.shared), fingerprint)
    }

    fn of(shared: Arc<SharedCache>, fingerprint: [u8; 32]) -> Self {
        let settings = Sha256::new_with_prefix(fingerprint);
        let all = shared.settings.lock();
        all.unwrap_or_else(PoisonError::into_inner)
            .push(settings.clone());
        Self { shared, settings }
    }

    /// Sets which components' code is never evicted: none, until this is called.
    pub(crate) fn keep(&self, kept: KeptHashes) {
        // Called once, by the host that was just built.
        let _ = self.shared.kept.set(kept);
    }

    /// Loads the component, if the cache has it intact.
    pub(crate) fn load(
        &self,
        engine: &wasmtime::Engine,
        wasm: &ComponentBytes,
    ) -> Option<Compiled> {
        self.find(engine, wasm).ok()
    }

    /// Loads the component, also if it is in the cache with something else behind it.
    fn find(&self, engine: &wasmtime::Engine, wasm: &ComponentBytes) -> Result<Compiled, Miss> {
        let entry = self.entry(wasm);
        match (entry.load(engine), self.component_entry(wasm)) {
            (Err(Miss::Absent), Some(component)) => {
                let compiled = component.load(engine)?;
                component.link(&entry);
                Ok(compiled)
            }
            (found, _) => found,
        }
    }

    /// Loads the component from the cache, or else compiles and caches it.
    fn component(
        &self,
        engine: &wasmtime::Engine,
        wasm: &ComponentBytes,
        compile: impl FnOnce() -> Result<Fresh, CompileError>,
    ) -> Result<Compiled, CompileError> {
        let entry = self.entry(wasm);
        let began = Instant::now();
        match self.find(engine, wasm) {
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
            self.shared
                .evictor
                .make_room(&self.shared.folder, code.len(), || self.shared.kept());
            entry.store(&code, compiled.reusable)?;
            if let Some(component) = self.component_entry(wasm) {
                entry.link(&component);
            }
            Ok(())
        });
        if let Err(error) = stored {
            tracing::warn!("cannot cache a compiled function in {entry}: {error:#}");
        }
        Ok(compiled)
    }

    /// The entry of the whole file, whose name is known to be kept.
    fn entry(&self, wasm: &ComponentBytes) -> Entry {
        let name = key(&self.settings, &wasm.hash);
        let key = key(&self.settings, &wasm.component_hash);
        Entry::named(&self.shared.folder, name, key)
    }

    /// The entry of a component without what is behind it, if that is another one.
    fn component_entry(&self, wasm: &ComponentBytes) -> Option<Entry> {
        wasm.appendix.as_ref()?;
        let key = key(&self.settings, &wasm.component_hash);
        Some(Entry::new(&self.shared.folder, key))
    }
}

impl SharedCache {
    /// The names of the files that are never evicted; `None` if they are not known now.
    fn kept(&self) -> Option<HashSet<String>> {
        let Some(kept) = self.kept.get() else {
            return Some(HashSet::new());
        };
        let kept = kept()?;
        let all = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let names = all
            .iter()
            .flat_map(|settings| kept.iter().map(|hash| file_name(key(settings, hash))));
        Some(names.collect())
    }
}

/// Stands for a component and the settings of an engine.
fn key(settings: &Sha256, hash: &[u8; 32]) -> [u8; 32] {
    let key = settings.clone().chain_update(hash);
    key.finalize().into()
}

#[cfg(test)]
mod tests;
