//! Creates, lists, stops and deletes workers.

use std::sync::Arc;

use super::{Creation, Workers};
use crate::store::StoreError;
use crate::store::workers::{self, StoredState};
use crate::workers::error::WorkerError;
use crate::workers::worker::{Stop, Worker, WorkerView, written};

impl Workers {
    /// Creates a worker of the component's latest version, and returns that version.
    pub(crate) async fn create(
        &self,
        component: &str,
        name: &str,
        creation: &Creation,
    ) -> Result<u64, WorkerError> {
        let latest = self.version(component, None).await?;
        if latest.is_ephemeral {
            return Err(WorkerError::BadCall(vec![format!(
                "the component {} is ephemeral: each of its calls gets its own instance, so workers \
                 cannot be created",
                latest.name
            )]));
        }
        let version = latest.version;
        let row = self.new_row(component, name, version, creation);
        let write = move |connection: &_| workers::create(connection, &row);
        let created = self.inner.context.store.write(write).await?;
        created
            .map(|_| version)
            .ok_or_else(|| WorkerError::WorkerAlreadyExists {
                component: component.to_owned(),
                name: name.to_owned(),
            })
    }

    /// A worker as it is now.
    pub(crate) async fn get(&self, component: &str, name: &str) -> Result<WorkerView, WorkerError> {
        let known = self
            .known()
            .get(&(component.to_owned(), name.to_owned()))
            .cloned();
        if let Some(worker) = known {
            return Ok(worker.view());
        }
        let (of, called) = (component.to_owned(), name.to_owned());
        let read = move |connection: &_| workers::find(connection, &of, &called);
        let row = self.inner.context.store.read(read).await?;
        let row = row.ok_or_else(|| missing(component, name))?;
        Ok(WorkerView::of_row(&row))
    }

    /// The workers of a component whose ids come after `after`, by id, at most `count`.
    pub(crate) async fn list(
        &self,
        component: &str,
        after: i64,
        count: usize,
    ) -> Result<Vec<WorkerView>, WorkerError> {
        let of = component.to_owned();
        let read = move |connection: &_| workers::list(connection, &of, after, count);
        let rows = self.inner.context.store.read(read).await?;
        let known = self.known();
        let view = |row: &workers::WorkerRow| {
            let known = known.get(&(row.component.clone(), row.name.clone()));
            known.map_or_else(|| WorkerView::of_row(row), |worker| worker.view())
        };
        Ok(rows.iter().map(view).collect())
    }

    /// Deletes a worker and all that it has. What runs is stopped. `false`: there was none.
    pub(crate) async fn delete(&self, component: &str, name: &str) -> Result<bool, WorkerError> {
        let Some(worker) = self.open(component, name).await? else {
            return Ok(false);
        };
        if worker.ask_to_stop(Stop::Delete) {
            worker.stopped().await;
        }
        let (of, called) = (component.to_owned(), name.to_owned());
        let write = move |connection: &_| {
            let deleted = workers::delete(connection, &of, &called)?;
            let cleared = deleted.map(|id| Ok((id, workers::clear(connection, id)?)));
            cleared.transpose()
        };
        let deleted = self.inner.context.store.write(write).await;
        let mut known = self.known();
        let key = (component.to_owned(), name.to_owned());
        if known
            .get(&key)
            .is_some_and(|known| Arc::ptr_eq(known, &worker))
        {
            known.remove(&key);
        }
        let deleted = deleted?;
        if let Some((id, false)) = deleted {
            self.clear_later(id);
        }
        Ok(deleted.is_some())
    }

    /// Deletes what is left of a deleted worker, in the background.
    pub(super) fn clear_later(&self, id: i64) {
        let store = self.inner.context.store.clone();
        tokio::spawn(async move {
            loop {
                match store
                    .write(move |connection| workers::clear(connection, id))
                    .await
                {
                    Ok(false) => {}
                    Ok(true) | Err(StoreError::Closed) => return,
                    Err(error) => {
                        tracing::warn!(worker = id, %error, "a deleted worker keeps disk space until the next start");
                        return;
                    }
                }
            }
        });
    }

    /// Stops what a worker does. It continues when it is resumed or called, or at once with `recover`.
    pub(crate) async fn interrupt(
        &self,
        component: &str,
        name: &str,
        recover: bool,
    ) -> Result<(), WorkerError> {
        let worker = self.existing(component, name).await?;
        let stop = if recover {
            Stop::Restart
        } else {
            Stop::Interrupt
        };
        if worker.ask_to_stop(stop) {
            worker.stopped().await;
            if let Some(error) = worker.take_stop_error() {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Lets an interrupted worker continue.
    pub(crate) async fn resume(&self, component: &str, name: &str) -> Result<(), WorkerError> {
        let worker = self.existing(component, name).await?;
        if !self.go_on(&worker).await? {
            return Err(WorkerError::InvalidRequest(format!(
                "Worker {component}/{name} is not suspended, interrupted or idle"
            )));
        }
        Ok(())
    }

    /// Lets a worker continue. `false`: it runs, or never will again.
    pub(super) async fn go_on(&self, worker: &Arc<Worker>) -> Result<bool, WorkerError> {
        if worker.is_interrupted() {
            let id = worker.id;
            // From now on, also after a restart. Before the worker says where it stands.
            let write = move |connection: &_| {
                workers::set_state(connection, id, StoredState::Running, None)
            };
            self.inner.context.store.write(write).await?;
        }
        let goes_on = worker.resume();
        if goes_on {
            self.start(worker);
        }
        Ok(goes_on)
    }

    /// Brings a worker to another version of its component, once it has nothing to do.
    pub(crate) async fn update(
        &self,
        component: &str,
        name: &str,
        target: u64,
    ) -> Result<(), WorkerError> {
        let worker = self.existing(component, name).await?;
        let version = self.version(component, Some(target)).await?;
        if version.is_ephemeral {
            return Err(WorkerError::BadCall(vec![format!(
                "version {target} of the component is ephemeral: its calls have no worker"
            )]));
        }
        let asked = worker.ask_to_update(target, &self.inner.context.store)?;
        written(asked)
            .await
            .inspect_err(|_| worker.withdraw_update(target))?;
        self.start(&worker);
        Ok(())
    }

    /// Takes an invocation out of a worker's queue. `false`: it has begun or has a result.
    pub(crate) async fn cancel(
        &self,
        component: &str,
        name: &str,
        key: &str,
    ) -> Result<bool, WorkerError> {
        let worker = self.existing(component, name).await?;
        if let Some(number) = worker.cancel(key) {
            let cancelled = match number {
                Some(number) => {
                    let id = worker.id;
                    let write = move |connection: &_| workers::cancel(connection, id, number);
                    self.inner.context.store.write(write).await
                }
                None => Ok(()),
            };
            let why = match &cancelled {
                Ok(()) => WorkerError::RuntimeError("the invocation was cancelled".to_owned()),
                Err(error) => WorkerError::Unavailable(error.to_string()),
            };
            worker.answer(key, &Err(why));
            cancelled?;
            return Ok(true);
        }
        if worker.knows(key) {
            return Ok(false);
        }
        let (of, called, key) = (component.to_owned(), name.to_owned(), key.to_owned());
        let read = move |connection: &_| workers::result(connection, &of, &called, &key);
        match self.inner.context.store.read(read).await? {
            Some(_) => Ok(false),
            None => Err(WorkerError::InvocationNotFound),
        }
    }

    async fn existing(&self, component: &str, name: &str) -> Result<Arc<Worker>, WorkerError> {
        let worker = self.open(component, name).await?;
        worker.ok_or_else(|| missing(component, name))
    }
}

fn missing(component: &str, name: &str) -> WorkerError {
    WorkerError::WorkerNotFound {
        component: component.to_owned(),
        name: name.to_owned(),
    }
}
