//! Receives the forms that create and update components.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest as _, Multipart, Request};
use http::StatusCode;
use http_body_util::BodyExt as _;
use serde::Deserialize;
use tokio::time::timeout;

use super::GolemApi;
use super::answer::ErrorResponse;
use super::component::is_ephemeral;
use crate::api::receiving::{ComponentReceiver, ComponentTooLong};
use crate::store::Uploaded;
use crate::workers::ComponentUpload;

/// The longest component, in bytes. Those with a language's runtime have some 40 MiB.
const MAX_COMPONENT: u64 = 64 << 20;

/// The longest other part of a form, in bytes.
const MAX_PART: usize = 64 << 10;

/// How long the next piece of a form may take.
const MAX_SILENCE: Duration = Duration::from_secs(60);

/// A received form with a component.
pub(super) struct ComponentForm {
    pub(super) name: Option<String>,
    pub(super) upload: ComponentUpload,
}

/// The part `env`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Env {
    key_values: BTreeMap<String, String>,
}

/// Reads a form: `name`, `component`, `componentType` and `env`, in any order.
pub(super) async fn form(api: &GolemApi, request: Request) -> Result<ComponentForm, ErrorResponse> {
    let form = Multipart::from_request(request, &()).await;
    let mut form =
        form.map_err(|error| ErrorResponse::Errors(error.status(), vec![error.body_text()]))?;
    let (mut name, mut component, mut kind, mut env) = (None, None, None, None);
    while let Some(field) = within(form.next_field()).await?.map_err(|_| incomplete())? {
        match field.name().unwrap_or_default() {
            "name" => name = Some(text(field).await?),
            "component" if component.is_none() => component = Some(receive(api, field).await?),
            "component" => {
                return Err(ErrorResponse::bad_request(
                    "the form has two parts \"component\"",
                ));
            }
            "componentType" => kind = Some(is_ephemeral(text(field).await?.trim())?),
            "env" => {
                let text = text(field).await?;
                let parsed: Env = serde_json::from_str(&text).map_err(|error| {
                    ErrorResponse::bad_request(format!(
                        "the part \"env\" is not of the form {{\"keyValues\":{{\"K\":\"V\"}}}}: {error}"
                    ))
                })?;
                env = Some(parsed.key_values);
            }
            part @ ("files" | "filesPermissions" | "dynamicLinking") => {
                let part = part.to_owned();
                refuse_unless_empty(&part, &text(field).await?)?;
            }
            // As unknown keys of JSON are.
            _ => drop(text(field).await?),
        }
    }
    let component = component.ok_or_else(|| {
        ErrorResponse::bad_request("the form lacks the part \"component\", the file")
    })?;
    Ok(ComponentForm {
        name,
        upload: ComponentUpload {
            component,
            is_ephemeral: kind,
            env,
        },
    })
}

/// Initial files and links between components are not offered here.
fn refuse_unless_empty(part: &str, text: &str) -> Result<(), ErrorResponse> {
    let text: String = text.split_whitespace().collect();
    match &*text {
        "" | "{}" | "{\"values\":[]}" | "{\"dynamicLinking\":{}}" => Ok(()),
        _ => Err(ErrorResponse::bad_request(format!(
            "the part \"{part}\" is unsupported: this host has neither initial files nor dynamic linking"
        ))),
    }
}

async fn text(mut field: Field<'_>) -> Result<String, ErrorResponse> {
    let name = field.name().unwrap_or_default().to_owned();
    let mut bytes = Vec::new();
    while let Some(piece) = within(field.chunk()).await?.map_err(|_| incomplete())? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_PART {
            let error = format!("the part {name:?} is too long: expected at most {MAX_PART} bytes");
            return Err(ErrorResponse::Errors(
                StatusCode::PAYLOAD_TOO_LARGE,
                vec![error],
            ));
        }
    }
    let invalid = |_| ErrorResponse::bad_request(format!("the part {name:?} is not UTF-8"));
    String::from_utf8(bytes).map_err(invalid)
}

async fn receive(api: &GolemApi, mut field: Field<'_>) -> Result<Uploaded, ErrorResponse> {
    let mut upload = ComponentReceiver::start(api.server.store().artifacts(), MAX_COMPONENT);
    while let Some(piece) = within(field.chunk()).await?.map_err(|_| incomplete())? {
        upload
            .add(piece)
            .await
            .map_err(|ComponentTooLong| too_long())?;
    }
    Ok(upload.finish().await?)
}

/// Reads a component that is the whole body.
pub(super) async fn body(api: &GolemApi, mut body: Body) -> Result<Uploaded, ErrorResponse> {
    let mut upload = ComponentReceiver::start(api.server.store().artifacts(), MAX_COMPONENT);
    while let Some(frame) = within(body.frame()).await? {
        let frame = frame.map_err(|_| incomplete())?;
        if let Ok(piece) = frame.into_data() {
            upload
                .add(piece)
                .await
                .map_err(|ComponentTooLong| too_long())?;
        }
    }
    Ok(upload.finish().await?)
}

async fn within<T>(next: impl Future<Output = T>) -> Result<T, ErrorResponse> {
    timeout(MAX_SILENCE, next).await.map_err(|_| {
        let error = format!("nothing arrived for {} s", MAX_SILENCE.as_secs());
        ErrorResponse::Errors(StatusCode::REQUEST_TIMEOUT, vec![error])
    })
}

fn too_long() -> ErrorResponse {
    let error = format!("the component is too long: expected at most {MAX_COMPONENT} bytes");
    ErrorResponse::Errors(StatusCode::PAYLOAD_TOO_LARGE, vec![error])
}

fn incomplete() -> ErrorResponse {
    ErrorResponse::bad_request("the body is malformed, or ended before it was complete")
}
