//! Makes the instance of a worker.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::Worker;
use super::context::Context;
use super::execution_error::ExecutionError;
use crate::workers::components::ComponentVersion;
use crate::workers::error::WorkerError;
use crate::workers::failure::InstanceFailure;
use crate::workers::instance::{Instance, LinkedComponent};
use crate::workers::journal::Journal;
use crate::workers::runtime::{CpuBudget, Environment, WorkerIdentity, timed};

/// Makes an instance, at its beginning.
pub(super) async fn instantiate(
    context: &Context,
    worker: &Worker,
    code: &Arc<LinkedComponent>,
    journal: &Arc<Journal>,
) -> Result<Instance, ExecutionError> {
    let environment = environment(context, worker, &code.version);
    let made = Instance::new(code, &environment, journal.clone());
    let made = timed(&environment.budget, made).await;
    made.map_err(|error| match InstanceFailure::of(&error) {
        InstanceFailure::Diverged(diverged) => ExecutionError::Diverged(diverged),
        InstanceFailure::Suspended(until) => ExecutionError::Suspended(until),
        InstanceFailure::Exited => ExecutionError::Creation("Process exited".to_owned()),
        InstanceFailure::Limit(why) => ExecutionError::Creation(why),
        InstanceFailure::Trapped(why) if error.is::<wasmtime::Trap>() => {
            ExecutionError::Creation(why)
        }
        // The host has no memory, for example.
        InstanceFailure::Trapped(why) => ExecutionError::Unavailable(WorkerError::Unavailable(why)),
    })
}

fn environment(context: &Context, worker: &Worker, version: &ComponentVersion) -> Environment {
    let row = &worker.row;
    let args: Vec<String> = serde_json::from_str(&row.args).unwrap_or_default();
    let own: std::collections::BTreeMap<String, String> =
        serde_json::from_str(&row.env).unwrap_or_default();
    let mut env = version.env.clone();
    env.extend(own);
    let created = u64::try_from(row.created.0).unwrap_or(0);
    let created = UNIX_EPOCH + Duration::from_millis(created);
    Environment {
        caller: WorkerIdentity::new(version.id, &version.name, &worker.name, created),
        args,
        env: env.into_iter().collect(),
        memory: row.memory,
        budget: CpuBudget::new(context.limits.cpu_time),
        suspend_after: context.limits.suspend_after,
        egress: context.egress.clone(),
        waits: Some(context.waits.clone()),
        stopping: context.stopping.clone(),
    }
}
