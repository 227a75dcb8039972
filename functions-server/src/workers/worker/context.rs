//! What the tasks of all workers share.

use std::sync::Arc;

use super::loaded::Loaded;
use super::waiting_bytes::WaitingBytes;
use crate::store::Store;
use crate::workers::components::ComponentVersion;
use crate::workers::error::WorkerError;
use crate::workers::limits::WorkerLimits;
use crate::workers::linked_components::LinkedComponents;
use crate::workers::runtime::Egress;
use crate::workers::stopping::Stopping;
use crate::workers::waits::Waits;

/// The state that the tasks of all workers share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) store: Arc<Store>,
    pub(crate) limits: WorkerLimits,
    pub(crate) linked: LinkedComponents,
    pub(super) loaded: Loaded,
    /// Sends the requests of workers.
    pub(crate) egress: Egress,
    /// Which workers wait for which.
    pub(crate) waits: Waits,
    pub(in crate::workers) stopping: Stopping,
    /// How much waits to be called.
    pub(in crate::workers) waiting: WaitingBytes,
}

impl Context {
    pub(crate) fn new(
        store: Arc<Store>,
        limits: WorkerLimits,
        linked: LinkedComponents,
        egress: Egress,
    ) -> Self {
        Self {
            store,
            limits,
            linked,
            loaded: Loaded::default(),
            egress,
            waits: Waits::default(),
            stopping: Stopping::default(),
            waiting: WaitingBytes::default(),
        }
    }

    /// A version of a component, or the latest.
    pub(crate) async fn version(
        &self,
        component: &str,
        number: Option<u64>,
    ) -> Result<Arc<ComponentVersion>, WorkerError> {
        let missing = || WorkerError::ComponentNotFound(component.to_owned());
        let id = component.parse().map_err(|_| missing())?;
        let found = match number {
            Some(number) => self.linked.components.version(id, number).await,
            None => self.linked.components.latest(id).await,
        };
        let found = found.map_err(|error| WorkerError::Unavailable(error.to_string()))?;
        found.ok_or_else(|| match number {
            Some(version) => WorkerError::VersionNotFound {
                component: component.to_owned(),
                version,
            },
            None => missing(),
        })
    }
}
