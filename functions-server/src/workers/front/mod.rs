//! All workers: finds, creates and loads them, and calls them by name.

mod ephemeral;
mod invoke;
mod manage;
mod open;
mod pending_answer;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use uuid::Uuid;

use super::check::Parameter;
use super::component_error::ComponentError;
use super::components::Components;
use super::ephemeral::Permits;
use super::error::WorkerError;
use super::limits::WorkerLimits;
use super::linked_components::LinkedComponents;
use super::runtime::Egress;
use super::worker::{Context, Stop, Worker};
use crate::store::Store;

/// How many workers may be opened at once, at most: two of one name never are.
const OPENING_LOCKS: usize = 64;

/// All workers of a server. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Workers {
    inner: Arc<WorkersInner>,
}

#[derive(Debug)]
struct WorkersInner {
    context: Arc<Context>,
    known: Mutex<HashMap<Name, Arc<Worker>>>,
    opening: Vec<tokio::sync::Mutex<()>>,
    /// For calls of ephemeral components.
    ephemeral: Permits,
}

/// Workers that somebody else keeps.
#[derive(Debug, Clone)]
pub(crate) struct WeakWorkers(Weak<WorkersInner>);

impl WeakWorkers {
    /// The workers, unless their server was dropped.
    pub(crate) fn upgrade(&self) -> Option<Workers> {
        self.0.upgrade().map(|inner| Workers { inner })
    }
}

/// The last clone is dropped once workers are no longer called. Their invocations continue in the next process.
impl Drop for WorkersInner {
    fn drop(&mut self) {
        self.context.stopping.set();
        let known = self.known.get_mut().unwrap_or_else(PoisonError::into_inner);
        for worker in known.values() {
            worker.ask_to_stop(Stop::Shutdown);
        }
    }
}

/// A component's UUID, and a worker's name.
type Name = (String, String);

/// An invocation as a client asks for it.
#[derive(Debug, Clone)]
pub(crate) struct WorkerInvocation {
    /// The function's name, as the client wrote it.
    pub(crate) function: String,
    pub(crate) parameters: Vec<Parameter>,
    /// The client's `Idempotency-Key`.
    pub(crate) key: Option<String>,
    /// The workers that wait for it, each in a line: `COMPONENT/NAME`.
    pub(crate) origin: Option<Arc<str>>,
}

/// What a worker is created with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Creation {
    pub(crate) args: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
}

impl Workers {
    /// The workers of a store.
    pub(crate) fn new(
        store: Arc<Store>,
        components: Arc<Components>,
        egress: Egress,
        limits: WorkerLimits,
    ) -> Self {
        let linked = LinkedComponents::new(components);
        let context = Context::new(store, limits, linked, egress);
        Self {
            inner: Arc::new(WorkersInner {
                context: Arc::new(context),
                known: Mutex::default(),
                opening: (0..OPENING_LOCKS)
                    .map(|_| tokio::sync::Mutex::default())
                    .collect(),
                ephemeral: Permits::new(),
            }),
        }
    }

    /// Lets every worker continue that has something to do. For the start.
    pub(crate) async fn resume_all(&self) -> Result<(), WorkerError> {
        let deleted = self
            .inner
            .context
            .store
            .read(crate::store::workers::deleted);
        for id in deleted.await? {
            self.clear_later(id);
        }
        let unfinished = self
            .inner
            .context
            .store
            .read(crate::store::workers::unfinished);
        for (component, name) in unfinished.await? {
            if let Some(worker) = self.open(&component, &name).await? {
                self.start(&worker);
            }
        }
        Ok(())
    }

    /// Stops what all workers do, which continues in the next process, and opens none any longer.
    pub(crate) fn stop(&self) {
        let known = self.known();
        self.inner.context.stopping.set();
        for worker in known.values() {
            worker.ask_to_stop(Stop::Shutdown);
        }
    }

    pub(crate) fn downgrade(&self) -> WeakWorkers {
        WeakWorkers(Arc::downgrade(&self.inner))
    }

    /// The UUID of a component, which is given by its name or UUID.
    pub(crate) async fn component_id(&self, component: &str) -> Result<String, WorkerError> {
        let components = &self.inner.context.linked.components;
        let unavailable = |error: ComponentError| WorkerError::Unavailable(error.to_string());
        let named = components.find(component).await.map_err(unavailable)?;
        match named.or_else(|| Uuid::try_parse(component).ok()) {
            Some(id) => Ok(id.to_string()),
            None => Err(WorkerError::ComponentNotFound(component.to_owned())),
        }
    }

    /// Starts the worker's task if it has none and something to do.
    fn start(&self, worker: &Arc<Worker>) {
        if !worker.needs_task() {
            return;
        }
        let weak = Arc::downgrade(&self.inner);
        let close = move |worker: &Arc<Worker>| close(&weak, worker);
        let context = self.inner.context.clone();
        tokio::spawn(super::worker::run(context, worker.clone(), close));
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Name, Arc<Worker>>> {
        self.inner
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a worker's task if it has nothing to do, and forgets a worker of which all is on the disk.
fn close(workers: &Weak<WorkersInner>, worker: &Arc<Worker>) -> bool {
    let Some(inner) = workers.upgrade() else {
        return true;
    };
    let mut known = inner.known.lock().unwrap_or_else(PoisonError::into_inner);
    let (ends, is_closed) = worker.try_close();
    if is_closed {
        known.remove(&(worker.component.clone(), worker.name.clone()));
    }
    drop(known);
    if worker.has_given_up() {
        // What is stored is tried again later.
        let (workers, worker) = (Workers { inner }, worker.clone());
        tokio::spawn(async move {
            workers
                .try_again_later(&worker.component, &worker.name)
                .await;
        });
    }
    ends
}
