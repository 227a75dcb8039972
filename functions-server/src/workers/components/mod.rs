//! Components that are called by name: checked and stored, and compiled once they are used.

mod upload;
mod version;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use uuid::Uuid;

use super::component_error::ComponentError;
use super::engines::Engines;
use crate::store::Store;
use crate::store::components::{self, ComponentRow};

pub(crate) use upload::ComponentUpload;
pub(crate) use version::ComponentVersion;

/// How many versions are in memory besides those that workers use.
const MAX_KNOWN: usize = 256;

/// How many names of components are in memory.
const MAX_NAMES: usize = 4096;

/// The stored components.
pub(crate) struct Components {
    store: Arc<Store>,
    engines: Arc<Engines>,
    known: Mutex<ComponentCache>,
    /// Compilations at once. Fewer than processors, so that requests are answered meanwhile.
    compiling: Arc<Semaphore>,
}

/// The stored components, in memory. Only this process changes the store.
#[derive(Default)]
struct ComponentCache {
    versions: HashMap<(Uuid, u64), Arc<ComponentVersion>>,
    latest: HashMap<Uuid, u64>,
    /// A name always stands for the same component.
    names: HashMap<String, Uuid>,
}

impl ComponentCache {
    fn latest_version(&self, id: Uuid) -> Option<Arc<ComponentVersion>> {
        let number = *self.latest.get(&id)?;
        self.versions.get(&(id, number)).cloned()
    }

    /// A version is stored. Returns the latest one: numbers only grow.
    fn note_latest(&mut self, id: Uuid, number: u64) -> u64 {
        let latest = self.latest.entry(id).or_insert(number);
        *latest = number.max(*latest);
        *latest
    }
}

impl Components {
    pub(crate) fn new(store: Arc<Store>, engines: Arc<Engines>) -> Arc<Self> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Arc::new(Self {
            store,
            engines,
            known: Mutex::default(),
            compiling: Arc::new(Semaphore::new((processors / 2).max(1))),
        })
    }

    /// The latest version of a component.
    pub(crate) async fn latest(
        &self,
        id: Uuid,
    ) -> Result<Option<Arc<ComponentVersion>>, ComponentError> {
        if let Some(version) = self.known().latest_version(id) {
            return Ok(Some(version));
        }
        let read = move |connection: &_| components::latest(connection, id);
        let Some(number) = self.store.read(read).await? else {
            return Ok(None);
        };
        let latest = self.known().note_latest(id, unsigned(number));
        self.version(id, latest).await
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
        let read = move |connection: &_| {
            let Some(row) = components::get(connection, id, stored)? else {
                return Ok(None);
            };
            let durable = components::has_durable(connection, id, stored)?;
            Ok(Some((row, durable)))
        };
        let Some((row, may_have_workers)) = self.store.read(read).await? else {
            return Ok(None);
        };
        let version = Arc::new(self.version_of(row, may_have_workers)?);
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
        if let Some(id) = self.known().names.get(name) {
            return Ok(Some(*id));
        }
        let wanted = name.to_owned();
        let read = move |connection: &_| components::find(connection, &wanted);
        let found = self.store.read(read).await?;
        if let Some(id) = found {
            let mut known = self.known();
            if known.names.len() >= MAX_NAMES {
                known.names.clear();
            }
            known.names.insert(name.to_owned(), id);
        }
        Ok(found)
    }

    /// The engines that components run on.
    pub(crate) fn engines(&self) -> &Arc<Engines> {
        &self.engines
    }

    fn version_of(
        &self,
        row: ComponentRow,
        may_have_workers: bool,
    ) -> Result<ComponentVersion, ComponentError> {
        let file = self.store.artifacts().path(row.digest);
        ComponentVersion::new(row, file, may_have_workers)
    }

    fn known(&self) -> MutexGuard<'_, ComponentCache> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Components {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Components").finish_non_exhaustive()
    }
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
