//! Receives the body of a deploy: a component, or a form with a component and settings.

use std::time::Duration;

use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest as _, Multipart, Request};
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use super::{ManagementApi, Problem, json};
use crate::api::receiving::{ComponentReceiver, ComponentTooLong};
use crate::deployments::Change;
use crate::store::Uploaded;

/// The longest component, in bytes, which is the host's limit too.
const MAX_COMPONENT: u64 = 256 << 20;

/// How long the next piece of a component may take.
const MAX_SILENCE: Duration = Duration::from_secs(60);

/// Reads the body of a deploy.
pub(super) async fn receive(
    api: &ManagementApi,
    request: Request,
) -> Result<(Option<Uploaded>, Change), Problem> {
    let length = request.headers().get(CONTENT_LENGTH);
    let length: Option<u64> = length.and_then(|length| length.to_str().ok()?.parse().ok());
    // A form has some bytes more, which are counted when they arrive.
    if length.is_some_and(|length| length > MAX_COMPONENT + 2 * json::MAX_JSON as u64) {
        return Err(too_large());
    }
    match json::media_type(request.headers()).as_deref() {
        None | Some("application/wasm" | "application/octet-stream") => {
            let component = receive_body(api, request.into_body()).await?;
            Ok((Some(component), Change::Inherit))
        }
        Some("multipart/form-data") => receive_form(api, request).await,
        Some(other) => {
            let detail = format!(
                "content-type {other:?} is unsupported: expected application/wasm or multipart/form-data"
            );
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
        }
    }
}

async fn receive_body(api: &ManagementApi, mut body: Body) -> Result<Uploaded, Problem> {
    let mut upload = start(api);
    while let Some(frame) = within(body.frame()).await? {
        let frame = frame.map_err(|_| incomplete())?;
        if let Ok(piece) = frame.into_data() {
            upload
                .add(piece)
                .await
                .map_err(|ComponentTooLong| too_large())?;
        }
    }
    Ok(upload.finish().await?)
}

async fn receive_form(
    api: &ManagementApi,
    request: Request,
) -> Result<(Option<Uploaded>, Change), Problem> {
    let form = Multipart::from_request(request, api).await;
    let mut form = form.map_err(|error| Problem::bad_request(error.body_text()))?;
    let (mut component, mut change) = (None, None);
    while let Some(field) = within(form.next_field()).await?.map_err(|_| incomplete())? {
        match field.name() {
            Some("component") if component.is_none() => {
                component = Some(receive_component(api, field).await?);
            }
            Some("settings") if change.is_none() => change = Some(receive_settings(field).await?),
            name => {
                let detail = format!(
                    "unexpected part {:?}: expected one \"component\" and at most one \"settings\"",
                    name.unwrap_or_default()
                );
                return Err(Problem::bad_request(detail));
            }
        }
    }
    if component.is_none() {
        return Err(Problem::bad_request("the part \"component\" is missing"));
    }
    Ok((component, change.unwrap_or(Change::Inherit)))
}

async fn receive_component(api: &ManagementApi, mut field: Field<'_>) -> Result<Uploaded, Problem> {
    let mut upload = start(api);
    while let Some(piece) = within(field.chunk()).await?.map_err(|_| incomplete())? {
        upload
            .add(piece)
            .await
            .map_err(|ComponentTooLong| too_large())?;
    }
    Ok(upload.finish().await?)
}

/// Settings replace all, or merge if their type is `application/merge-patch+json`.
async fn receive_settings(mut field: Field<'_>) -> Result<Change, Problem> {
    let is_merge = field
        .content_type()
        .is_some_and(|media| media.starts_with("application/merge-patch+json"));
    let mut text = Vec::new();
    while let Some(piece) = within(field.chunk()).await?.map_err(|_| incomplete())? {
        text.extend_from_slice(&piece);
        if text.len() > json::MAX_JSON {
            return Err(json::too_large());
        }
    }
    let settings = json::parse_object(&text)?;
    Ok(if is_merge {
        Change::Merge(settings)
    } else {
        Change::Replace(settings)
    })
}

async fn within<T>(next: impl Future<Output = T>) -> Result<T, Problem> {
    let silent = |_| {
        let detail = format!("nothing arrived for {} s", MAX_SILENCE.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, detail)
    };
    timeout(MAX_SILENCE, next).await.map_err(silent)
}

fn start(api: &ManagementApi) -> ComponentReceiver {
    ComponentReceiver::start(api.server.store().artifacts(), MAX_COMPONENT)
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("the component is too long: expected at most {MAX_COMPONENT} bytes"),
    )
}

fn incomplete() -> Problem {
    Problem::bad_request("the body is malformed, or ended before it was complete")
}
