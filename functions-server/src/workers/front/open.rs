//! Finds workers in the store.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::time::Duration;

use super::{Creation, Workers};
use crate::store::Time;
use crate::store::workers::{self, StoredState, WorkerRow};
use crate::workers::error::WorkerError;
use crate::workers::journal::unfinished_key;
use crate::workers::worker::Worker;

/// How long to wait before a worker is loaded again that could not be.
const RELOAD_DELAY: Duration = Duration::from_secs(5);

/// How long to wait for a worker that is being deleted or unloaded.
const CLOSING_POLL: Duration = Duration::from_millis(5);

impl Workers {
    /// The worker with this name, if there is one.
    pub(super) async fn open(
        &self,
        component: &str,
        name: &str,
    ) -> Result<Option<Arc<Worker>>, WorkerError> {
        self.open_or(component, name, None).await
    }

    /// The worker with this name, which is created if there is none.
    pub(super) async fn open_or_create(
        &self,
        component: &str,
        name: &str,
        version: u64,
    ) -> Result<Arc<Worker>, WorkerError> {
        let row = self.new_row(component, name, version, &Creation::default());
        let worker = self.open_or(component, name, Some(row)).await?;
        worker.ok_or_else(|| WorkerError::Unavailable("the worker cannot be created".to_owned()))
    }

    async fn open_or(
        &self,
        component: &str,
        name: &str,
        create: Option<WorkerRow>,
    ) -> Result<Option<Arc<Worker>>, WorkerError> {
        let key = (component.to_owned(), name.to_owned());
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(&key);
        let shard = usize::try_from(hash).unwrap_or(0) % self.inner.opening.len().max(1);
        loop {
            // Of two that open one worker, the second finds what the first has opened.
            let opening = match self.inner.opening.get(shard) {
                Some(opening) => Some(opening.lock().await),
                None => None,
            };
            if self.inner.context.stopping.is_set() {
                return Err(WorkerError::stopping());
            }
            let known = self.known().get(&key).cloned();
            match known {
                Some(worker) if worker.is_closed() => {
                    drop(opening);
                    tokio::time::sleep(CLOSING_POLL).await;
                }
                Some(worker) => return Ok(Some(worker)),
                None => {
                    let Some(worker) = self.read(component, name, create.as_ref()).await? else {
                        if create.is_some() {
                            // Somebody has created it meanwhile.
                            continue;
                        }
                        return Ok(None);
                    };
                    let mut known = self.known();
                    // Now none is told to stop.
                    if !self.inner.context.stopping.is_set() {
                        known.insert(key, worker.clone());
                        return Ok(Some(worker));
                    }
                }
            }
        }
    }

    async fn read(
        &self,
        component: &str,
        name: &str,
        create: Option<&WorkerRow>,
    ) -> Result<Option<Arc<Worker>>, WorkerError> {
        let store = &self.inner.context.store;
        let (of, called) = (component.to_owned(), name.to_owned());
        let read = store.read(move |connection| {
            let Some(row) = workers::find(connection, &of, &called)? else {
                return Ok(None);
            };
            let queue = workers::queued(connection, row.id)?;
            // An invocation that has begun continues, and a repeated key does not begin it again.
            let rows = match row.state {
                StoredState::Running | StoredState::Interrupted => {
                    workers::read(connection, row.id)?
                }
                _ => workers::Rows::default(),
            };
            Ok(Some((row, queue, rows.rows)))
        });
        if let Some((row, queue, rows)) = read.await? {
            let cut_off = unfinished_key(&rows);
            let cut_off = cut_off.map_err(|error| WorkerError::Unavailable(error.to_string()))?;
            return Ok(Some(Worker::new(row, queue, cut_off)));
        }
        let Some(row) = create.cloned() else {
            return Ok(None);
        };
        let created = store
            .write(move |connection| workers::create(connection, &row))
            .await?;
        Ok(created.map(|row| Worker::new(row, Vec::new(), None)))
    }

    pub(super) fn new_row(
        &self,
        component: &str,
        name: &str,
        version: u64,
        creation: &Creation,
    ) -> WorkerRow {
        WorkerRow {
            id: 0,
            component: component.to_owned(),
            name: name.to_owned(),
            version,
            args: serde_json::to_string(&creation.args).unwrap_or_default(),
            env: serde_json::to_string(&creation.env).unwrap_or_default(),
            memory: self.inner.context.limits.memory,
            created: Time::now(),
            state: StoredState::Idle,
            error: None,
            updates: "[]".to_owned(),
            resources: "{}".to_owned(),
            memory_used: 0,
            queued: 0,
        }
    }

    /// Loads a worker again that could not be loaded, if it has something to do.
    pub(super) async fn try_again_later(&self, component: &str, name: &str) {
        tokio::time::sleep(RELOAD_DELAY).await;
        match self.open(component, name).await {
            Ok(Some(worker)) if worker.has_work() => self.start(&worker),
            Ok(_) => {}
            Err(error) => tracing::warn!(component, name, %error, "a worker cannot be loaded"),
        }
    }
}
