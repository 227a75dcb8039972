//! Takes components: checks, compiles and stores them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use super::{Components, unsigned};
use crate::store::components::{self, ComponentRow, NewComponent};
use crate::store::{Digest, StoreError, Time, Uploaded};
use crate::workers::component_error::ComponentError;
use crate::workers::ephemeral;
use crate::workers::exports::Exports;
use crate::workers::metadata::Metadata;

/// A new version of a component, as a client sends it.
#[derive(Debug)]
pub(crate) struct ComponentUpload {
    pub(crate) component: Uploaded,
    /// `None` keeps that of the previous version.
    pub(crate) is_ephemeral: Option<bool>,
    /// `None` keeps that of the previous version.
    pub(crate) env: Option<BTreeMap<String, String>>,
}

impl Components {
    /// Stores a new component, as version 0. Continues if the caller stops waiting.
    pub(crate) async fn create(
        self: &Arc<Self>,
        name: String,
        upload: ComponentUpload,
    ) -> Result<ComponentRow, ComponentError> {
        let this = Arc::clone(self);
        complete(async move {
            let find = name.clone();
            let taken = move |connection: &_| components::find(connection, &find);
            // Before anything is compiled, and again when it is stored.
            if let Some(taken) = this.store.read(taken).await? {
                return Err(ComponentError::NameTaken(taken));
            }
            let ComponentUpload {
                component,
                is_ephemeral,
                env,
            } = upload;
            let checked = this.check(component, is_ephemeral.unwrap_or(false)).await?;
            let new = checked.version(&env.unwrap_or_default())?;
            let id = Uuid::new_v4();
            let create = move |connection: &_| components::create(connection, id, &name, &new);
            let created = this.keep(checked, create).await?;
            created.map_err(ComponentError::NameTaken)
        })
        .await
    }

    /// Stores a further version of a component. Continues if the caller stops waiting.
    pub(crate) async fn update(
        self: &Arc<Self>,
        id: Uuid,
        upload: ComponentUpload,
    ) -> Result<ComponentRow, ComponentError> {
        let this = Arc::clone(self);
        complete(async move {
            let previous = this.latest(id).await?.ok_or(ComponentError::NotFound)?;
            let ComponentUpload {
                component,
                is_ephemeral,
                env,
            } = upload;
            let is_ephemeral = is_ephemeral.unwrap_or(previous.is_ephemeral);
            let checked = this.check(component, is_ephemeral).await?;
            let new = checked.version(env.as_ref().unwrap_or(&previous.env))?;
            let update = move |connection: &_| components::update(connection, id, &new);
            let row = this.keep(checked, update).await?;
            let row = row.ok_or(ComponentError::NotFound)?;
            this.known().note_latest(id, unsigned(row.number));
            Ok(row)
        })
        .await
    }

    /// Makes the file durable, then runs the write that names it.
    async fn keep<T: Send + 'static>(
        &self,
        checked: CheckedUpload,
        write: impl FnMut(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ComponentError> {
        let artifacts = Arc::clone(self.store.artifacts());
        let digest = checked.digest;
        let keep = move || artifacts.keep(checked.file);
        let pin = tokio::task::spawn_blocking(keep).await;
        let pin = pin.map_err(|error| ComponentError::Host(error.to_string()))??;
        let written = self.store.write(write).await;
        drop(pin);
        if written.is_err() {
            self.store.delete_unnamed(vec![digest]).await;
        }
        Ok(written?)
    }

    /// Compiles an upload and links it.
    async fn check(
        self: &Arc<Self>,
        file: Uploaded,
        is_ephemeral: bool,
    ) -> Result<CheckedUpload, ComponentError> {
        let this = Arc::clone(self);
        let check = move || this.check_blocking(file, is_ephemeral);
        self.blocking(check).await?
    }

    fn check_blocking(
        &self,
        file: Uploaded,
        is_ephemeral: bool,
    ) -> Result<CheckedUpload, ComponentError> {
        let bytes = std::fs::read(file.path()).map_err(StoreError::from)?;
        let bytes = Bytes::from(bytes);
        let linked = self.engines.of(is_ephemeral)?;
        let component = linked.check(bytes.clone())?;
        if is_ephemeral {
            ephemeral::check(&component).map_err(ComponentError::Invalid)?;
        }
        let exports = Exports::of(&component, linked.engine.wasmtime());
        let exports = exports.map_err(|error| ComponentError::Invalid(error.to_string()))?;
        let metadata = Metadata::of(&bytes, exports);
        let metadata = serde_json::to_string(&metadata);
        Ok(CheckedUpload {
            is_ephemeral,
            digest: file.digest,
            size: i64::try_from(file.length).unwrap_or(i64::MAX),
            metadata: metadata.map_err(|error| ComponentError::Host(error.to_string()))?,
            file,
        })
    }

    /// Runs work on a thread that may block, once there is a permit.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ComponentError> {
        let permit = Arc::clone(&self.compiling).acquire_owned().await.ok();
        let work = move || {
            let _permit = permit;
            work()
        };
        let worked = tokio::task::spawn_blocking(work).await;
        worked.map_err(|error| ComponentError::Host(error.to_string()))
    }
}

/// An upload that this host can run.
struct CheckedUpload {
    file: Uploaded,
    is_ephemeral: bool,
    digest: Digest,
    size: i64,
    metadata: String,
}

impl CheckedUpload {
    fn version(&self, env: &BTreeMap<String, String>) -> Result<NewComponent, ComponentError> {
        let env = serde_json::to_string(env);
        Ok(NewComponent {
            digest: self.digest,
            size: self.size,
            is_ephemeral: self.is_ephemeral,
            env: env.map_err(|error| ComponentError::Host(error.to_string()))?,
            metadata: self.metadata.clone(),
            created: Time::now(),
        })
    }
}

/// Runs to the end even if nobody waits any longer.
async fn complete<T: Send + 'static>(
    work: impl Future<Output = Result<T, ComponentError>> + Send + 'static,
) -> Result<T, ComponentError> {
    let worked = tokio::spawn(work).await;
    worked.unwrap_or_else(|error| Err(ComponentError::Host(error.to_string())))
}
