//! Versions of components, ready to be instantiated.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;
use uuid::Uuid;

use super::components::{ComponentVersion, Components};
use super::error::WorkerError;
use super::instance::LinkedComponent;

/// How many are kept.
const CAPACITY: usize = 256;

type LinkedCell = Arc<OnceCell<Arc<LinkedComponent>>>;

/// The linked components, by version, for workers or for calls without one.
pub(crate) struct LinkedComponents {
    pub(crate) components: Arc<Components>,
    linked: Mutex<HashMap<(Uuid, u64, bool), LinkedCell>>,
}

impl LinkedComponents {
    pub(crate) fn new(components: Arc<Components>) -> Self {
        Self {
            components,
            linked: Mutex::default(),
        }
    }

    /// Compiles and links a version for workers, unless that was done.
    pub(crate) async fn durable(
        &self,
        version: &Arc<ComponentVersion>,
    ) -> Result<Arc<LinkedComponent>, WorkerError> {
        self.load(version, false).await
    }

    /// Compiles and links a version for calls without a worker, unless that was done.
    pub(crate) async fn ephemeral(
        &self,
        version: &Arc<ComponentVersion>,
    ) -> Result<Arc<LinkedComponent>, WorkerError> {
        self.load(version, true).await
    }

    async fn load(
        &self,
        version: &Arc<ComponentVersion>,
        is_ephemeral: bool,
    ) -> Result<Arc<LinkedComponent>, WorkerError> {
        let slot = self.slot((version.id, version.version, is_ephemeral));
        let link = || async {
            let (version, engines) = (version.clone(), self.components.engines().clone());
            let linking = tokio::task::spawn_blocking(move || {
                let linked = engines.of(is_ephemeral)?;
                LinkedComponent::link(linked, version)
            });
            let linked = linking.await.map_err(|error| error.to_string());
            let linked = linked.and_then(|linked| linked.map_err(|error| format!("{error:#}")));
            linked.map_err(WorkerError::Unavailable)
        };
        slot.get_or_try_init(link).await.cloned()
    }

    fn slot(&self, key: (Uuid, u64, bool)) -> LinkedCell {
        let mut linked = self.linked.lock().unwrap_or_else(PoisonError::into_inner);
        if linked.len() >= CAPACITY && !linked.contains_key(&key) {
            // Those that nothing uses can be linked again.
            linked.retain(|_, slot| slot.get().is_none_or(|code| Arc::strong_count(code) > 1));
        }
        linked.entry(key).or_default().clone()
    }
}

impl std::fmt::Debug for LinkedComponents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkedComponents").finish_non_exhaustive()
    }
}
