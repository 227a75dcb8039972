//! Creates and updates functions.

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::body::{self, MAX_CREATE};
use super::decode::Invalid;
use super::definition::Definition;
use super::{ServerledgeApi, access, answer, upload};
use crate::deployments::{Change, DeploymentError, Precondition, check_name};

/// The runtimes that there are here: what the code is, is found out from the code.
const RUNTIMES: [&str; 3] = ["wasi", "wasm", "functions"];

pub(super) async fn create(State(api): State<ServerledgeApi>, request: Request) -> Response {
    let created = put(&api, request, true).await;
    created.unwrap_or_else(|answer| answer)
}

pub(super) async fn update(State(api): State<ServerledgeApi>, request: Request) -> Response {
    let updated = put(&api, request, false).await;
    updated.unwrap_or_else(|answer| answer)
}

async fn put(api: &ServerledgeApi, request: Request, is_new: bool) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let (bytes, _permit) = body::read_long(body, MAX_CREATE, &api.uploads).await?;
    let mut definition = Definition::parse(&bytes).map_err(Invalid::into_response)?;
    drop(bytes);
    let deployments = api.server.deployments();
    let refused = |error: DeploymentError| answer::refused(&error);
    check_name(&definition.name).map_err(refused)?;
    if api.server.harness().has_function(&definition.name) {
        if is_new {
            return Err(answer::text(StatusCode::CONFLICT, ""));
        }
        access::admit(api, &definition.name, &mut parts, "Unknown function")?;
    }
    if !RUNTIMES.contains(&&*definition.runtime) {
        return Err(answer::text(StatusCode::NOT_FOUND, "Invalid runtime."));
    }
    let invalid = |text| answer::text(StatusCode::UNPROCESSABLE_ENTITY, text);
    let memory = memory(api, &definition).map_err(invalid)?;
    check_cpus(api, &definition).map_err(invalid)?;
    let component = upload::receive(api, &mut definition).await?;
    let Definition { name, cpus, .. } = definition;
    let precondition = match is_new {
        true => Precondition::Missing,
        false => Precondition::None,
    };
    let change = Change::Merge(settings(memory, cpus));
    let deployed = deployments.deploy(name.clone(), Some(component), change, precondition);
    deployed.await.map_err(refused)?;
    Ok(answer::json(StatusCode::OK, &json!({ "Created": name })))
}

/// The memory of an instance in MB, if the node has as much.
fn memory(api: &ServerledgeApi, definition: &Definition) -> Result<u64, String> {
    let memory = u64::try_from(definition.memory).unwrap_or_default();
    match memory {
        0 => Err("Invalid memory limit".to_owned()),
        memory if memory > api.node.memory() => Err(format!(
            "Invalid memory limit: this node has {} MB, which --serverledge-memory sets",
            api.node.memory()
        )),
        memory => Ok(memory),
    }
}

/// Checks that the node has as many processors.
fn check_cpus(api: &ServerledgeApi, definition: &Definition) -> Result<(), String> {
    let most = api.node.cpus();
    match definition.cpus > most {
        true => Err(format!(
            "Invalid CPU demand: this node has {most} processors, which --serverledge-cpus sets"
        )),
        false => Ok(()),
    }
}

/// The settings that a definition stands for.
fn settings(memory: u64, cpus: f64) -> Map<String, Value> {
    let mut settings = Map::new();
    settings.insert("memory".into(), format!("{memory}MiB").into());
    settings.insert("cpus".into(), cpus.max(0.0).into());
    // A failed run is final here, as upstream.
    settings.insert("retries".into(), 0.into());
    settings
}
