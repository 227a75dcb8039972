use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

use super::{ComponentSource, LoadError, LoadErrorKind};
use crate::compile::ComponentBytes;
use crate::engine::{Engine, Function, Reuse};
use crate::invocation::FunctionContext;

/// How many bytes of the component's hash form its version.
const VERSION_BYTES: usize = 8;

/// How long a function that could not be loaded is not tried again, at least.
const MIN_PAUSE: Duration = Duration::from_secs(1);

/// How many times the duration of a failed attempt it pauses: a component that compiles for long and
/// then fails takes a tenth of a processor at most.
const PAUSE_FACTOR: u32 = 10;

/// What is deployed under a name: a component and its settings. Loaded, or to be loaded by the next
/// request.
pub(crate) struct Deployed {
    pub(crate) context: Arc<FunctionContext>,
    source: ComponentSource,
    reuse: Reuse,
    /// The component's SHA-256, once it is known.
    digest: OnceLock<[u8; 32]>,
    /// The function, while it is loaded.
    pub(super) function: ArcSwapOption<Function>,
    /// When it was used last, as [`super::loaded::Loaded`] counts.
    pub(super) used: AtomicU64,
    /// Whether something else has its name now, or nothing.
    retired: AtomicBool,
    /// Held while it is loaded.
    pub(super) loading: Arc<tokio::sync::Mutex<()>>,
    /// The requests that wait for that.
    pub(super) waiting: AtomicUsize,
    failed: Mutex<Option<FailedLoad>>,
}

/// A failed attempt to load a function.
struct FailedLoad {
    error: Arc<LoadError>,
    retry: Instant,
}

impl Deployed {
    pub(super) fn new(
        context: FunctionContext,
        source: ComponentSource,
        reuse: Reuse,
        digest: Option<[u8; 32]>,
    ) -> Self {
        Self {
            context: Arc::new(context),
            source,
            reuse,
            digest: digest.map_or_else(OnceLock::new, OnceLock::from),
            function: ArcSwapOption::empty(),
            used: AtomicU64::new(0),
            retired: AtomicBool::new(false),
            loading: Arc::default(),
            waiting: AtomicUsize::new(0),
            failed: Mutex::default(),
        }
    }

    /// Reads the component. Fails if it is not the one that was deployed.
    pub(super) fn read(&self) -> Result<ComponentBytes, LoadError> {
        let wasm = self.source.read()?;
        self.identify(&wasm)?;
        Ok(wasm)
    }

    /// Checks that the component is the one that was deployed, if it is known which.
    pub(super) fn identify(&self, wasm: &ComponentBytes) -> Result<(), LoadError> {
        match self.digest.get() {
            Some(known) if *known != wasm.hash => {
                Err(LoadError::new(self.source.file(), LoadErrorKind::Changed))
            }
            _ => Ok(()),
        }
    }

    /// The component's SHA-256, if it is known.
    pub(super) fn digest(&self) -> Option<[u8; 32]> {
        self.digest.get().copied()
    }

    /// Records which component it is, once one could be prepared: a file that cannot may be mended.
    fn record(&self, wasm: &ComponentBytes) {
        self.digest.get_or_init(|| wasm.hash);
        self.context.version.get_or_init(|| version(&wasm.hash));
    }

    /// Compiles or loads the component, on the caller's thread.
    pub(super) fn prepare(
        &self,
        engine: &Engine,
        wasm: &ComponentBytes,
    ) -> Result<Arc<Function>, LoadError> {
        let prepared = engine.prepare(wasm, Arc::clone(&self.context), self.reuse);
        prepared
            .map(Arc::new)
            .inspect(|_| self.record(wasm))
            .map_err(|invalid| LoadError::invalid(self.source.file(), invalid, engine))
    }

    /// Loads the component from the cache, on the caller's thread; `None` if it has to be compiled.
    pub(super) fn prepare_cached(
        &self,
        engine: &Engine,
        wasm: &ComponentBytes,
    ) -> Result<Option<Arc<Function>>, LoadError> {
        let prepared = engine.prepare_cached(wasm, &self.context, self.reuse);
        prepared
            .map(|function| function.map(Arc::new).inspect(|_| self.record(wasm)))
            .map_err(|invalid| LoadError::invalid(self.source.file(), invalid, engine))
    }

    /// An error of the host while it was loaded.
    pub(super) fn host_error(&self, why: tokio::task::JoinError) -> LoadError {
        LoadError::new(self.source.file(), LoadErrorKind::Host).because(why)
    }

    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
    }

    /// Records how an attempt to load it ended that began at `began`.
    pub(super) fn tried(&self, began: Instant, failed: Option<Arc<LoadError>>) {
        let pause = (began.elapsed() * PAUSE_FACTOR).max(MIN_PAUSE);
        let failed = failed.map(|error| FailedLoad {
            error,
            retry: Instant::now() + pause,
        });
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }

    /// Why the last attempt to load it failed.
    pub(super) fn last_error(&self) -> Option<Arc<LoadError>> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.as_ref().map(|failed| Arc::clone(&failed.error))
    }

    /// Why the last attempt failed, if it is too early for another.
    pub(super) fn recent_error(&self) -> Option<Arc<LoadError>> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = failed
            .as_ref()
            .filter(|failed| Instant::now() < failed.retry);
        recent.map(|failed| Arc::clone(&failed.error))
    }
}

/// The start of the component's SHA-256, in hexadecimal.
fn version(hash: &[u8; 32]) -> String {
    let bytes = hash.iter().take(VERSION_BYTES);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}
