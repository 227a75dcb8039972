//! Creates and updates functions.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::body::{self, MAX_CREATE};
use super::code::{self, CodeError};
use super::decode::{Fields, Invalid};
use super::{Api, answer};
use crate::deployments::{Change, DeploymentError, Precondition, check_name};
use crate::store::{StoreError, Uploaded};

/// The runtimes that there are here: what the code is, is found out from the code.
const RUNTIMES: [&str; 3] = ["wasi", "wasm", "functions"];

/// What a client says about a function.
struct Definition {
    name: String,
    runtime: String,
    memory: i64,
    cpus: f64,
    code: String,
    image: String,
}

pub(super) async fn create(State(api): State<Api>, body: axum::body::Body) -> Response {
    put(&api, body, true).await.unwrap_or_else(|answer| answer)
}

pub(super) async fn update(State(api): State<Api>, body: axum::body::Body) -> Response {
    put(&api, body, false).await.unwrap_or_else(|answer| answer)
}

async fn put(api: &Api, body: axum::body::Body, is_new: bool) -> Result<Response, Response> {
    let _permit = api.creates.acquire().await;
    let bytes = body::read(body, MAX_CREATE).await?;
    let definition = Definition::parse(&bytes).map_err(Invalid::into_response)?;
    drop(bytes);
    let deployments = api.server.deployments();
    let refused = |error: DeploymentError| answer::refused(&error);
    check_name(&definition.name).map_err(refused)?;
    if is_new && api.server.harness().has_function(&definition.name) {
        return Err(answer::text(StatusCode::CONFLICT, ""));
    }
    if !RUNTIMES.contains(&&*definition.runtime) {
        return Err(answer::text(StatusCode::NOT_FOUND, "Invalid runtime."));
    }
    let memory = u64::try_from(definition.memory).unwrap_or_default();
    if memory == 0 {
        let text = "Invalid memory limit";
        return Err(answer::text(StatusCode::UNPROCESSABLE_ENTITY, text));
    }
    if memory > api.node.memory() {
        let text = format!(
            "Invalid memory limit: this node has {} MB, which --serverledge-memory sets",
            api.node.memory()
        );
        return Err(answer::text(StatusCode::UNPROCESSABLE_ENTITY, text));
    }
    let Definition {
        name,
        cpus,
        code,
        image,
        ..
    } = definition;
    let component = receive(api, code, image).await?;
    let precondition = match is_new {
        true => Precondition::Missing,
        false => Precondition::None,
    };
    let change = Change::Merge(settings(memory, cpus));
    let deployed = deployments.deploy(name.clone(), Some(component), change, precondition);
    deployed.await.map_err(refused)?;
    api.node.retire(&name);
    Ok(answer::json(StatusCode::OK, &json!({ "Created": name })))
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

/// Takes the component out of the code, on a thread that may block, and stores it as an upload.
async fn receive(api: &Api, code: String, image: String) -> Result<Uploaded, Response> {
    let artifacts = api.server.store().artifacts().clone();
    let receiving = tokio::task::spawn_blocking(move || {
        let component = code::component(&code, &image)?;
        drop(code);
        let write = || {
            let mut upload = artifacts.upload()?;
            upload.write(&component)?;
            Ok(upload.finish())
        };
        Ok(write())
    });
    let received: Result<Result<Uploaded, StoreError>, CodeError> =
        receiving.await.unwrap_or(Ok(Err(StoreError::Closed)));
    match received {
        Ok(Ok(component)) => Ok(component),
        Ok(Err(error)) => Err(answer::refused(&error.into())),
        Err(CodeError::TooLong) => {
            let text = CodeError::TooLong.to_string();
            Err(answer::text(StatusCode::PAYLOAD_TOO_LARGE, text))
        }
        Err(error) => {
            let text = error.to_string();
            Err(answer::text(StatusCode::UNPROCESSABLE_ENTITY, text))
        }
    }
}

impl Definition {
    fn parse(body: &[u8]) -> Result<Self, Invalid> {
        let fields = Fields::parse(body)?;
        fields.text("Handler")?;
        fields.integer("MaxConcurrency")?;
        fields.check("SupportedArchs", Value::is_array)?;
        fields.check("Signature", Value::is_object)?;
        Ok(Self {
            name: fields.text("Name")?.to_owned(),
            runtime: fields.text("Runtime")?.to_owned(),
            memory: fields.integer("MemoryMB")?,
            cpus: fields.number("CPUDemand")?,
            code: fields.text("TarFunctionCode")?.to_owned(),
            image: fields.text("CustomImage")?.to_owned(),
        })
    }
}
