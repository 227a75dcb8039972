//! Stores the code of a definition as an upload.

use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use http::{Request, StatusCode};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::code::{self, CodeError, MAX_CODE};
use super::command::{self, CommandDescription};
use super::definition::Definition;
use super::{ServerledgeApi, answer};
use crate::store::{StoreError, Uploaded};

/// How long fetching code may take.
const MAX_FETCH: Duration = Duration::from_secs(60);

/// Why code cannot be used, or cannot be stored.
enum StoreCodeError {
    Code(CodeError),
    Store(StoreError),
}

impl From<CodeError> for StoreCodeError {
    fn from(error: CodeError) -> Self {
        Self::Code(error)
    }
}

/// Takes the binary out of a definition's code, and stores it. On threads that may block.
pub(super) async fn receive(
    api: &ServerledgeApi,
    definition: &mut Definition,
) -> Result<Uploaded, Response> {
    let received = receive_inner(api, definition).await;
    received.map_err(|failed| match failed {
        StoreCodeError::Store(error) => answer::refused(&error.into()),
        StoreCodeError::Code(error) => {
            let status = match error {
                CodeError::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            answer::text(status, error.to_string())
        }
    })
}

async fn receive_inner(
    api: &ServerledgeApi,
    definition: &mut Definition,
) -> Result<Uploaded, StoreCodeError> {
    let code = std::mem::take(&mut definition.code);
    let decoded = run(move || code::decode(&code)).await??;
    let mut fetching = None;
    let decoded = match code::url(&decoded) {
        Some(url) => {
            fetching = api.fetches.acquire().await.ok();
            fetch(api, url).await?
        }
        None => decoded,
    };
    // Not before: what a client or another server sends slowly keeps nobody else waiting.
    let _permit = api.unpacked.acquire().await;
    let (name, image) = (definition.name.clone(), definition.image.clone());
    let handler = std::mem::take(&mut definition.handler);
    let artifacts = api.server.store().artifacts().clone();
    let stored = run(move || {
        let code = code::binary(decoded, &image)?;
        let described = CommandDescription {
            name: &name,
            image: &image,
            handler: &handler,
        };
        let deployable = command::deployable(code, described)?;
        let write = || {
            let mut upload = artifacts.upload()?;
            upload.write(&deployable)?;
            Ok(upload.finish())
        };
        write().map_err(StoreCodeError::Store)
    });
    let stored = stored.await?;
    drop(fetching);
    stored
}

/// Runs on a thread that may block. A panic is one of the libraries that read the code.
async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, CodeError> {
    let panicked = |_| CodeError::NotAdapted("it cannot be read".to_owned());
    spawn_blocking(work).await.map_err(panicked)
}

/// Fetches code from a server that functions may reach too, if the host fetches code at all.
async fn fetch(api: &ServerledgeApi, url: &str) -> Result<Vec<u8>, CodeError> {
    if !api.options.fetches {
        return Err(CodeError::Url);
    }
    let request = Request::get(url.trim()).body(Bytes::new());
    let request = request.map_err(|error| CodeError::NotFetched(error.to_string()))?;
    let fetcher = api.server.harness().fetcher();
    let fetched = timeout(MAX_FETCH, fetcher.fetch(request, MAX_CODE)).await;
    let took_too_long = |_| CodeError::NotFetched(format!("it took longer than {MAX_FETCH:?}"));
    let response = fetched
        .map_err(took_too_long)?
        .map_err(|error| match error.kind() {
            host_harness::FetchErrorKind::TooLarge => CodeError::TooLong,
            _ => CodeError::NotFetched(error.to_string()),
        })?;
    match response.status() {
        StatusCode::OK => Ok(response.into_body().into()),
        status => Err(CodeError::NotFetched(format!(
            "the server answered {status}"
        ))),
    }
}
