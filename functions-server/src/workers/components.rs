//! Components that are called by name: checked and stored, and compiled once they are used.

use std::collections::{BTreeMap, HashMap};
use std::error::Error as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use host_harness::{DeterministicEngine, LoadError, LoadErrorKind};
use tokio::sync::Semaphore;
use uuid::Uuid;
use wasmtime::component::Component;

use super::exports::Exports;
use super::metadata::Metadata;
use crate::store::components::{self, ComponentRow, NewComponent};
use crate::store::{Digest, Store, StoreError, Time, Uploaded};

/// How many versions are in memory besides those that workers use.
const MAX_KNOWN: usize = 256;

/// Says why a compiled component cannot be linked, if it cannot.
pub(crate) type LinkCheck = dyn Fn(&Component) -> Result<(), String> + Send + Sync;

/// The stored components.
pub(crate) struct Components {
    store: Arc<Store>,
    engine: Arc<DeterministicEngine>,
    check: Box<LinkCheck>,
    known: Mutex<Known>,
    /// Compilations at once. Fewer than processors, so that requests are answered meanwhile.
    compiling: Arc<Semaphore>,
}

/// What is in memory of the store, which only this process changes.
#[derive(Default)]
struct Known {
    versions: HashMap<(Uuid, u64), Arc<ComponentVersion>>,
    latest: HashMap<Uuid, u64>,
}

/// A version of a component.
pub(crate) struct ComponentVersion {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) version: u64,
    pub(crate) is_ephemeral: bool,
    /// What workers find in their environment, unless they have their own.
    pub(crate) env: BTreeMap<String, String>,
    /// The size of the file, in bytes.
    pub(crate) size: i64,
    pub(crate) exports: Exports,
    file: PathBuf,
    engine: Arc<DeterministicEngine>,
    compiled: Mutex<Option<Component>>,
}

/// What a client says of a new version.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) component: Uploaded,
    /// `None` keeps that of the previous version.
    pub(crate) is_ephemeral: Option<bool>,
    /// `None` keeps that of the previous version.
    pub(crate) env: Option<BTreeMap<String, String>>,
}

/// A component cannot be stored or used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ComponentError {
    #[error("Component already exists: {0}")]
    NameTaken(Uuid),
    #[error("Component not found")]
    NotFound,
    /// It is no component, or this host cannot run it.
    #[error("{0}")]
    Invalid(String),
    /// The host failed, not the component.
    #[error("the component cannot be loaded: {0}")]
    Host(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Components {
    pub(crate) fn new(
        store: Arc<Store>,
        engine: Arc<DeterministicEngine>,
        check: Box<LinkCheck>,
    ) -> Arc<Self> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Arc::new(Self {
            store,
            engine,
            check,
            known: Mutex::default(),
            compiling: Arc::new(Semaphore::new((processors / 2).max(1))),
        })
    }

    /// Stores a new component, as version 0. Goes on if the caller stops waiting.
    pub(crate) async fn create(
        self: &Arc<Self>,
        name: String,
        upload: Upload,
    ) -> Result<ComponentRow, ComponentError> {
        let this = Arc::clone(self);
        complete(async move {
            let find = name.clone();
            let taken = move |connection: &_| components::find(connection, &find);
            // Before anything is compiled, and again when it is stored.
            if let Some(taken) = this.store.read(taken).await? {
                return Err(ComponentError::NameTaken(taken));
            }
            let Upload {
                component,
                is_ephemeral,
                env,
            } = upload;
            let checked = this.check(component).await?;
            let new = checked.version(is_ephemeral.unwrap_or(false), &env.unwrap_or_default())?;
            let id = Uuid::new_v4();
            let create = move |connection: &_| components::create(connection, id, &name, &new);
            let created = this.keep(checked, create).await?;
            created.map_err(ComponentError::NameTaken)
        })
        .await
    }

    /// Stores a further version of a component. Goes on if the caller stops waiting.
    pub(crate) async fn update(
        self: &Arc<Self>,
        id: Uuid,
        upload: Upload,
    ) -> Result<ComponentRow, ComponentError> {
        let this = Arc::clone(self);
        complete(async move {
            let previous = this.latest(id).await?.ok_or(ComponentError::NotFound)?;
            let Upload {
                component,
                is_ephemeral,
                env,
            } = upload;
            let checked = this.check(component).await?;
            let is_ephemeral = is_ephemeral.unwrap_or(previous.is_ephemeral);
            let new = checked.version(is_ephemeral, env.as_ref().unwrap_or(&previous.env))?;
            let update = move |connection: &_| components::update(connection, id, &new);
            let row = this.keep(checked, update).await?;
            // The next reader finds the number in the store.
            this.known().latest.remove(&id);
            row.ok_or(ComponentError::NotFound)
        })
        .await
    }

    /// Makes the file durable, then runs the write that names it.
    async fn keep<T: Send + 'static>(
        &self,
        checked: Checked,
        write: impl FnMut(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ComponentError> {
        let artifacts = Arc::clone(self.store.artifacts());
        let digest = checked.digest;
        let keep = move || artifacts.keep(checked.file);
        let pin = tokio::task::spawn_blocking(keep).await;
        let pin = pin.map_err(|error| ComponentError::Host(error.to_string()))??;
        let written = self.store.write(write).await;
        drop(pin);
        if written.is_err() {
            self.store.delete_unnamed(vec![digest]).await;
        }
        Ok(written?)
    }

    /// The latest version of a component.
    pub(crate) async fn latest(
        &self,
        id: Uuid,
    ) -> Result<Option<Arc<ComponentVersion>>, ComponentError> {
        let known = self.known().latest.get(&id).copied();
        let number = match known {
            Some(number) => Some(number),
            None => {
                let read = move |connection: &_| components::latest(connection, id);
                self.store.read(read).await?.map(unsigned)
            }
        };
        let Some(number) = number else {
            return Ok(None);
        };
        let version = self.version(id, number).await?;
        // A version that came meanwhile is not overwritten.
        let mut known = self.known();
        let latest = known.latest.entry(id).or_insert(number);
        *latest = number.max(*latest);
        Ok(version)
    }

    /// A version of a component.
    pub(crate) async fn version(
        &self,
        id: Uuid,
        number: u64,
    ) -> Result<Option<Arc<ComponentVersion>>, ComponentError> {
        if let Some(version) = self.known().versions.get(&(id, number)) {
            return Ok(Some(Arc::clone(version)));
        }
        let Ok(stored) = i64::try_from(number) else {
            return Ok(None);
        };
        let read = move |connection: &_| components::get(connection, id, stored);
        let Some(row) = self.store.read(read).await? else {
            return Ok(None);
        };
        let version = Arc::new(self.version_of(row)?);
        let mut known = self.known();
        if known.versions.len() >= MAX_KNOWN {
            known
                .versions
                .retain(|_, version| Arc::strong_count(version) > 1);
        }
        let entry = known.versions.entry((id, number)).or_insert(version);
        Ok(Some(Arc::clone(entry)))
    }

    /// The id of a component by its name.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<Uuid>, ComponentError> {
        let name = name.to_owned();
        let read = move |connection: &_| components::find(connection, &name);
        Ok(self.store.read(read).await?)
    }

    /// Compiles an upload and links it.
    async fn check(self: &Arc<Self>, file: Uploaded) -> Result<Checked, ComponentError> {
        let this = Arc::clone(self);
        let check = move || this.check_blocking(file);
        self.blocking(check).await?
    }

    fn check_blocking(&self, file: Uploaded) -> Result<Checked, ComponentError> {
        let bytes = std::fs::read(file.path()).map_err(StoreError::from)?;
        let bytes = Bytes::from(bytes);
        let compiled = self.engine.compile(bytes.clone());
        let component = compiled.map_err(|error| match error.kind() {
            LoadErrorKind::Host | LoadErrorKind::Unreadable | LoadErrorKind::NotCompiled => {
                ComponentError::Host(reason(&error))
            }
            _ => ComponentError::Invalid(reason(&error)),
        })?;
        let exports = Exports::of(&component, self.engine.wasmtime());
        let exports = exports.map_err(|error| ComponentError::Invalid(error.to_string()))?;
        (self.check)(&component).map_err(ComponentError::Invalid)?;
        let metadata = Metadata::of(&bytes, exports);
        let metadata = serde_json::to_string(&metadata);
        Ok(Checked {
            digest: file.digest,
            size: i64::try_from(file.length).unwrap_or(i64::MAX),
            metadata: metadata.map_err(|error| ComponentError::Host(error.to_string()))?,
            file,
        })
    }

    /// Runs work on a thread that may block, once there is a permit.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ComponentError> {
        let permit = Arc::clone(&self.compiling).acquire_owned().await.ok();
        let work = move || {
            let _permit = permit;
            work()
        };
        let worked = tokio::task::spawn_blocking(work).await;
        worked.map_err(|error| ComponentError::Host(error.to_string()))
    }

    fn version_of(&self, row: ComponentRow) -> Result<ComponentVersion, ComponentError> {
        let unreadable = |error: serde_json::Error| {
            ComponentError::Host(format!("its stored metadata cannot be read: {error}"))
        };
        let metadata: Metadata = serde_json::from_str(&row.metadata).map_err(unreadable)?;
        Ok(ComponentVersion {
            id: row.id,
            name: row.name,
            version: unsigned(row.number),
            is_ephemeral: row.is_ephemeral,
            env: serde_json::from_str(&row.env).map_err(unreadable)?,
            size: row.size,
            exports: metadata.exports,
            file: self.store.artifacts().path(row.digest),
            engine: Arc::clone(&self.engine),
            compiled: Mutex::default(),
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Components {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Components").finish_non_exhaustive()
    }
}

/// An upload that this host can run.
struct Checked {
    file: Uploaded,
    digest: Digest,
    size: i64,
    metadata: String,
}

impl Checked {
    fn version(
        &self,
        is_ephemeral: bool,
        env: &BTreeMap<String, String>,
    ) -> Result<NewComponent, ComponentError> {
        let env = serde_json::to_string(env);
        Ok(NewComponent {
            digest: self.digest,
            size: self.size,
            is_ephemeral,
            env: env.map_err(|error| ComponentError::Host(error.to_string()))?,
            metadata: self.metadata.clone(),
            created: Time::now(),
        })
    }
}

impl ComponentVersion {
    /// The compiled code. Blocks while it is compiled, or read from the cache.
    pub(crate) fn component(&self) -> Result<Component, ComponentError> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(component) = &*compiled {
            return Ok(component.clone());
        }
        let component = self.engine.compile(self.file.clone());
        let component = component.map_err(|error| ComponentError::Host(reason(&error)))?;
        Ok(compiled.insert(component).clone())
    }
}

impl std::fmt::Debug for ComponentVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("ComponentVersion");
        debug.field("id", &self.id).field("version", &self.version);
        debug.finish_non_exhaustive()
    }
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Why a component cannot be used. A component need not be a function, which some of the texts are about.
fn reason(error: &LoadError) -> String {
    let first: &dyn std::error::Error = match (error.kind(), error.source()) {
        (LoadErrorKind::NotAFunction, Some(source)) => source,
        _ => error,
    };
    let mut text = first.to_string();
    let mut cause = first.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Runs to the end even if nobody waits any longer.
async fn complete<T: Send + 'static>(
    work: impl Future<Output = Result<T, ComponentError>> + Send + 'static,
) -> Result<T, ComponentError> {
    let worked = tokio::spawn(work).await;
    worked.unwrap_or_else(|error| Err(ComponentError::Host(error.to_string())))
}
