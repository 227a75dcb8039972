//! Versions of components, ready to be instantiated.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::components::{ComponentVersion, Components};
use super::error::WorkerError;
use super::instance::Code;
use super::runtime::HostLinker;

/// How many are kept.
const CAPACITY: usize = 256;

type Slot = Arc<OnceCell<Arc<Code>>>;

/// What is linked, by component and version.
pub(crate) struct Codes {
    pub(crate) components: Arc<Components>,
    linker: Arc<HostLinker>,
    linked: Mutex<HashMap<(String, u64), Slot>>,
}

impl Codes {
    pub(crate) fn new(components: Arc<Components>, linker: Arc<HostLinker>) -> Self {
        Self {
            components,
            linker,
            linked: Mutex::default(),
        }
    }

    /// Compiles and links a version, unless that was done.
    pub(crate) async fn load(
        &self,
        version: &Arc<ComponentVersion>,
    ) -> Result<Arc<Code>, WorkerError> {
        let key = (version.id.to_string(), version.version);
        let slot = {
            let mut linked = self.linked.lock().unwrap_or_else(PoisonError::into_inner);
            if linked.len() >= CAPACITY && !linked.contains_key(&key) {
                // Those that nothing uses can be linked again.
                linked.retain(|_, slot| slot.get().is_none_or(|code| Arc::strong_count(code) > 1));
            }
            linked.entry(key).or_default().clone()
        };
        let link = || async {
            let (version, linker) = (version.clone(), self.linker.clone());
            let linking = tokio::task::spawn_blocking(move || Code::link(&linker, &version));
            let linked = linking.await.map_err(|error| error.to_string());
            let linked = linked.and_then(|linked| linked.map_err(|error| format!("{error:#}")));
            linked.map_err(WorkerError::Unavailable)
        };
        slot.get_or_try_init(link).await.cloned()
    }
}

impl std::fmt::Debug for Codes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Codes").finish_non_exhaustive()
    }
}
