//! Calls of ephemeral components: each gets its own instance, which is gone afterwards.

use std::sync::Arc;
use std::time::SystemTime;

use super::{WorkerInvocation, Workers};
use crate::store::Time;
use crate::workers::check::CheckedCall;
use crate::workers::components::ComponentVersion;
use crate::workers::error::WorkerError;
use crate::workers::failure::{InstanceFailure, with_stderr};
use crate::workers::instance::{Instance, LinkedComponent};
use crate::workers::journal::Journal;
use crate::workers::origin;
use crate::workers::runtime::{CpuBudget, Environment, WorkerIdentity, timed};
use crate::workers::worker::{Answer, answer_of};

impl Workers {
    /// Whether a call gets its own instance.
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
        // A worker of an earlier version keeps its state.
        if latest.may_have_workers && self.open(component, name).await?.is_some() {
            return Ok(None);
        }
        Ok(Some(latest))
    }

    /// Checks a call of an ephemeral component that runs later, and returns its parameters as a JSON array.
    pub(crate) async fn check_ephemeral(
        &self,
        component: &str,
        invocation: &WorkerInvocation,
    ) -> Result<String, WorkerError> {
        let version = self.version(component, None).await?;
        Ok(self.check(&version, invocation).await?.params)
    }

    pub(super) async fn call_ephemeral(
        &self,
        version: &Arc<ComponentVersion>,
        name: &str,
        invocation: &WorkerInvocation,
    ) -> Answer {
        let call = self.check(version, invocation).await?;
        let code = self.inner.context.linked.ephemeral(version).await?;
        let depth = origin::depth(invocation.origin.as_deref());
        let running = self.inner.ephemeral.acquire(depth, code.memories).await;
        let _running = running.ok_or_else(WorkerError::stopping)?;
        // The instance's creation counts, too.
        let budget = CpuBudget::new(self.inner.context.limits.cpu_time);
        // Boxed: it is large, and whatever waits for it would have room for it more than once.
        let called = Box::pin(async {
            let mut instance = self.instantiate(&code, name, &budget).await?;
            instance.set_origin(invocation.origin.clone());
            run(&mut instance, &call).await
        });
        let called = timed(&budget, called);
        tokio::select! {
            biased;
            () = self.inner.context.stopping.reached() => Err(WorkerError::stopping()),
            answer = code.owner.run(called) => answer,
        }
    }

    async fn instantiate(
        &self,
        code: &Arc<LinkedComponent>,
        name: &str,
        budget: &Arc<CpuBudget>,
    ) -> Result<Instance, WorkerError> {
        let context = &self.inner.context;
        let component = &code.version;
        let environment = Environment {
            caller: WorkerIdentity::new(component.id, &component.name, name, SystemTime::now()),
            args: Vec::new(),
            env: component.env.clone().into_iter().collect(),
            memory: context.limits.memory,
            budget: budget.clone(),
            suspend_after: context.limits.suspend_after,
            egress: context.egress.clone(),
            waits: None,
            stopping: context.stopping.clone(),
        };
        // Nothing is replayed, so nothing is recorded.
        let journal = Journal::closed(context.store.clone());
        let made = Instance::new(code, &environment, journal).await;
        made.map_err(|error| match InstanceFailure::of(&error) {
            InstanceFailure::Exited => WorkerError::CreationFailed("Process exited".to_owned()),
            InstanceFailure::Limit(why) => WorkerError::CreationFailed(why),
            InstanceFailure::Trapped(why) if error.is::<wasmtime::Trap>() => {
                WorkerError::CreationFailed(why)
            }
            InstanceFailure::Trapped(why) => WorkerError::Unavailable(why),
            InstanceFailure::Diverged(_) | InstanceFailure::Suspended(_) => unrecorded(&error),
        })
    }
}

async fn run(instance: &mut Instance, call: &CheckedCall) -> Answer {
    let prepared = instance.prepare(call);
    let prepared = prepared.map_err(|why| WorkerError::BadCall(vec![why]))?;
    match instance.call(call, prepared, Time::now().0).await {
        Ok(outcome) => answer_of(outcome),
        Err(error) => Err(WorkerError::RuntimeError(
            match InstanceFailure::of(&error) {
                InstanceFailure::Exited => "Process exited".to_owned(),
                InstanceFailure::Limit(why) => why,
                InstanceFailure::Trapped(why) => with_stderr(why, &instance.take_stderr()),
                InstanceFailure::Diverged(_) | InstanceFailure::Suspended(_) => {
                    return Err(unrecorded(&error));
                }
            },
        )),
    }
}

/// An error that only workers meet, whose calls are recorded.
fn unrecorded(error: &wasmtime::Error) -> WorkerError {
    WorkerError::Unavailable(error.to_string())
}
