//! The object that describes a worker.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::worker_error::worker_id;
use crate::store::Time;
use crate::workers::{ComponentVersion, UpdateState, WorkerUpdate, WorkerView};

/// The object of a worker, whose component's version is `version`.
pub(super) fn object(view: &WorkerView, version: Option<&ComponentVersion>) -> Value {
    json!({
        "workerId": worker_id(&view.component, &view.name),
        "args": view.args,
        "env": env(view, version),
        "status": view.status,
        "componentVersion": view.version,
        "retryCount": view.retries,
        "pendingInvocationCount": view.pending,
        "updates": view.updates.iter().map(update).collect::<Vec<_>>(),
        "createdAt": Time(view.created).to_string(),
        "lastError": view.error,
        "componentSize": version.map_or(0, |version| version.size),
        "totalLinearMemorySize": view.memory,
        "ownedResources": resources(view),
        "activePlugins": [],
    })
}

/// A worker's own variables, and those of its component that it lacks.
pub(super) fn env(
    view: &WorkerView,
    version: Option<&ComponentVersion>,
) -> BTreeMap<String, String> {
    let mut env = version
        .map(|version| version.env.clone())
        .unwrap_or_default();
    env.extend(view.env.clone());
    env
}

fn resources(view: &WorkerView) -> Value {
    let resources = view.resources.iter().map(|(id, resource)| {
        let object = json!({
            "createdAt": Time(resource.created).to_string(),
            "indexed": resource.indexed,
        });
        (id.to_string(), object)
    });
    Value::Object(resources.collect::<Map<_, _>>())
}

fn update(update: &WorkerUpdate) -> Value {
    let kind = match update.state {
        UpdateState::Pending => "pendingUpdate",
        UpdateState::Successful => "successfulUpdate",
        UpdateState::Failed => "failedUpdate",
    };
    let mut object = json!({
        "type": kind,
        "timestamp": Time(update.at).to_string(),
        "targetVersion": update.target,
    });
    if let (UpdateState::Failed, Some(object)) = (update.state, object.as_object_mut()) {
        object.insert("details".to_owned(), json!(update.details));
    }
    object
}
