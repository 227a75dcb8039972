//! Calls of ephemeral components: each gets an instance of its own, which is gone afterwards.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::Semaphore;

use super::invoke::{MAX_DEPTH, depth};
use super::{Invocation, Workers};
use crate::store::Time;
use crate::store::workers::StoredState;
use crate::workers::check::Checked;
use crate::workers::components::ComponentVersion;
use crate::workers::error::WorkerError;
use crate::workers::failure::{Failure, with_stderr};
use crate::workers::instance::Instance;
use crate::workers::journal::{Journal, Limits, Stored};
use crate::workers::runtime::Environment;
use crate::workers::worker::{Answer, answer_of};

/// How many calls run at once. Further ones wait in the order of their arrival.
const RUNNING: usize = 64;

/// The same for calls by other workers, for each number of workers that wait for them: a call never waits for one
/// that waits for it.
const RUNNING_NESTED: usize = 16;

/// The permits of calls, by how many workers wait for them.
pub(super) fn permits() -> Vec<Semaphore> {
    let nested = (0..MAX_DEPTH).map(|_| Semaphore::new(RUNNING_NESTED));
    std::iter::once(Semaphore::new(RUNNING))
        .chain(nested)
        .collect()
}

impl Workers {
    /// Whether a call gets an instance of its own. A worker of an earlier, durable version keeps its state.
    pub(crate) async fn is_ephemeral(
        &self,
        component: &str,
        name: &str,
    ) -> Result<bool, WorkerError> {
        Ok(self.ephemeral(component, name).await?.is_some())
    }

    pub(super) async fn ephemeral(
        &self,
        component: &str,
        name: &str,
    ) -> Result<Option<Arc<ComponentVersion>>, WorkerError> {
        let latest = self.version(component, None).await?;
        if !latest.is_ephemeral {
            return Ok(None);
        }
        let is_worker = latest.version > 0 && self.open(component, name).await?.is_some();
        Ok((!is_worker).then_some(latest))
    }

    /// Checks a call of an ephemeral component that runs later, and returns its parameters as a JSON array.
    pub(crate) async fn check_ephemeral(
        &self,
        component: &str,
        invocation: &Invocation,
    ) -> Result<String, WorkerError> {
        let version = self.version(component, None).await?;
        Ok(self.check(&version, invocation).await?.params)
    }

    pub(super) async fn call_ephemeral(
        &self,
        version: &Arc<ComponentVersion>,
        name: &str,
        invocation: &Invocation,
    ) -> Answer {
        let call = self.check(version, invocation).await?;
        let permits = self
            .inner
            .ephemeral
            .get(depth(invocation.origin.as_deref()));
        let running = permits.ok_or_else(WorkerError::stopping)?.acquire().await;
        let _running = running.map_err(|_| WorkerError::stopping())?;
        let mut instance = self.instantiate(version, name).await?;
        instance.set_origin(invocation.origin.clone());
        run(&mut instance, &call).await
    }

    async fn instantiate(
        &self,
        version: &Arc<ComponentVersion>,
        name: &str,
    ) -> Result<Instance, WorkerError> {
        let context = &self.inner.context;
        let code = context.codes.load(version).await?;
        let component = version.id.to_string();
        let environment = Environment {
            worker: format!("{component}/{name}").into(),
            args: Vec::new(),
            env: version.env.clone().into_iter().collect(),
            created: SystemTime::now(),
            memory: context.limits.memory,
            cpu_time: context.limits.cpu_time,
            egress: context.egress.clone(),
        };
        // Nothing is replayed, so nothing is recorded.
        let stored = Stored {
            state: StoredState::Idle,
            results: 0,
        };
        let limits = Limits {
            length: u64::MAX,
            results: u64::MAX,
        };
        let journal = Journal::new(context.store.clone(), 0, &[], stored, &limits);
        let journal = journal.map_err(|error| WorkerError::Unavailable(error.to_string()))?;
        journal.close();
        let made = Instance::new(&code, &component, name, &environment, journal).await;
        made.map_err(|error| match Failure::of(&error) {
            Failure::Exited => WorkerError::CreationFailed("Process exited".to_owned()),
            Failure::Limit(why) => WorkerError::CreationFailed(why),
            Failure::Trapped(why) if error.is::<wasmtime::Trap>() => {
                WorkerError::CreationFailed(why)
            }
            Failure::Trapped(why) => WorkerError::Unavailable(why),
            Failure::Diverged(diverged) => WorkerError::Unavailable(diverged.to_string()),
        })
    }
}

async fn run(instance: &mut Instance, call: &Checked) -> Answer {
    let prepared = instance.prepare(call);
    let prepared = prepared.map_err(|why| WorkerError::BadCall(vec![why]))?;
    match instance.call(call, prepared, Time::now().0).await {
        Ok(outcome) => answer_of(outcome),
        Err(error) => Err(WorkerError::RuntimeError(match Failure::of(&error) {
            Failure::Exited => "Process exited".to_owned(),
            Failure::Limit(why) => why,
            Failure::Trapped(why) => with_stderr(why, &instance.take_stderr()),
            Failure::Diverged(diverged) => diverged.to_string(),
        })),
    }
}
