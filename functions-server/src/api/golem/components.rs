//! The routes of components.

use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use uuid::Uuid;

use super::answer::{self, ErrorResponse};
use super::component::{ComponentView, is_ephemeral};
use super::{GolemApi, ids, upload};
use crate::store::components::{self, ComponentRow};
use crate::store::{Digest, StoreError};
use crate::workers::ComponentUpload;

/// The longest name of a component, in bytes.
const MAX_NAME: usize = 255;

pub(super) async fn create(
    State(api): State<GolemApi>,
    request: Request,
) -> Result<Response, ErrorResponse> {
    let _permit = api.uploads.acquire().await;
    let form = upload::form(&api, request).await?;
    let name = form
        .name
        .ok_or_else(|| ErrorResponse::bad_request("the form lacks the part \"name\""))?;
    check_name(&name)?;
    let row = api.server.components().create(name, form.upload).await?;
    Ok(answer::json(&ComponentView::of(row)?))
}

fn check_name(name: &str) -> Result<(), ErrorResponse> {
    let is_valid =
        !name.trim().is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control);
    match is_valid {
        true => Ok(()),
        false => Err(ErrorResponse::bad_request(format!(
            "Invalid component name: expected 1 to {MAX_NAME} bytes without control characters"
        ))),
    }
}

pub(super) async fn update(
    State(api): State<GolemApi>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ErrorResponse> {
    let id = ids::component(&id)?;
    let _permit = api.uploads.acquire().await;
    let form = upload::form(&api, request).await?;
    let row = api.server.components().update(id, form.upload).await?;
    Ok(answer::json(&ComponentView::of(row)?))
}

#[derive(Deserialize)]
pub(super) struct UploadQuery {
    component_type: Option<String>,
}

/// The same with the component alone.
pub(super) async fn upload(
    State(api): State<GolemApi>,
    Path(id): Path<String>,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> Result<Response, ErrorResponse> {
    let id = ids::component(&id)?;
    let kind = query.component_type.as_deref().map(is_ephemeral);
    let _permit = api.uploads.acquire().await;
    let upload = ComponentUpload {
        component: upload::body(&api, request.into_body()).await?,
        is_ephemeral: kind.transpose()?,
        env: None,
    };
    let row = api.server.components().update(id, upload).await?;
    Ok(answer::json(&ComponentView::of(row)?))
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ListQuery {
    component_name: Option<String>,
}

pub(super) async fn list(
    State(api): State<GolemApi>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ErrorResponse> {
    let list = move |connection: &_| components::list(connection, query.component_name.as_deref());
    let rows = api.server.store().read(list).await?;
    Ok(answer::json(&ComponentView::all(rows)?))
}

pub(super) async fn versions(
    State(api): State<GolemApi>,
    Path(id): Path<String>,
) -> Result<Response, ErrorResponse> {
    let id = ids::component(&id)?;
    let versions = move |connection: &_| components::versions(connection, id);
    let rows = api.server.store().read(versions).await?;
    Ok(answer::json(&ComponentView::all(rows)?))
}

pub(super) async fn latest(
    State(api): State<GolemApi>,
    Path(id): Path<String>,
) -> Result<Response, ErrorResponse> {
    let row = find(&api, ids::component(&id)?, None).await?;
    Ok(answer::json(&ComponentView::of(row)?))
}

pub(super) async fn version(
    State(api): State<GolemApi>,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response, ErrorResponse> {
    let id = ids::component(&id)?;
    let row = find(&api, id, Some(ids::version(&number)?)).await?;
    Ok(answer::json(&ComponentView::of(row)?))
}

#[derive(Deserialize)]
pub(super) struct DownloadQuery {
    version: Option<String>,
}

pub(super) async fn download(
    State(api): State<GolemApi>,
    Path(id): Path<String>,
    Query(query): Query<DownloadQuery>,
) -> Result<Response, ErrorResponse> {
    let id = ids::component(&id)?;
    let version = query.version.as_deref().map(ids::version).transpose()?;
    let row = find(&api, id, version).await?;
    let bytes = read(&api, row.digest).await?;
    let mut response = Response::new(Body::from(bytes));
    let media = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(CONTENT_TYPE, media);
    Ok(response)
}

async fn read(api: &GolemApi, digest: Digest) -> Result<Vec<u8>, ErrorResponse> {
    let file = api.server.store().artifacts().path(digest);
    let read = tokio::task::spawn_blocking(move || std::fs::read(file)).await;
    let read = read.map_err(|_| StoreError::Closed)?;
    Ok(read.map_err(StoreError::from)?)
}

/// A version of a component, the latest unless a number is given.
async fn find(
    api: &GolemApi,
    id: Uuid,
    number: Option<i64>,
) -> Result<ComponentRow, ErrorResponse> {
    let get = move |connection: &_| {
        let latest = match number {
            Some(number) => Some(number),
            None => components::latest(connection, id)?,
        };
        match latest {
            Some(number) => components::get(connection, id, number),
            None => Ok(None),
        }
    };
    let row = api.server.store().read(get).await?;
    row.ok_or_else(|| ErrorResponse::Error(StatusCode::NOT_FOUND, "Component not found".to_owned()))
}
