use std::sync::Arc;

use super::settings::for_version;
use super::{DeploymentError, Deployments, Precondition, complete};
use crate::store::StoreError;
use crate::store::functions::{self, VersionRow};

impl Deployments {
    /// Makes a stored version current again, with its settings. Once this returns, that is on the disk, and
    /// no request reaches another version.
    pub(crate) async fn rollback(
        self: &Arc<Self>,
        name: String,
        number: i64,
        precondition: Precondition,
    ) -> Result<VersionRow, DeploymentError> {
        let this = self.clone();
        complete(async move { this.rollback_inner(name, number, precondition).await }).await
    }

    async fn rollback_inner(
        &self,
        name: String,
        number: i64,
        precondition: Precondition,
    ) -> Result<VersionRow, DeploymentError> {
        self.refuse_files(&name)?;
        let _changing = self.changing.lock(&name).await;
        let current = self.current(&name).await?;
        let Some(current) = current else {
            return Err(DeploymentError::NotFound(name));
        };
        if !precondition.holds(Some(current.number)) {
            return Err(DeploymentError::Precondition(Some(current.number)));
        }
        let row = self.version_row(&name, number).await?;
        if row.number == current.number {
            return Ok(row);
        }
        let configured = self.configured(&row)?;
        let settings = for_version(&configured, row.digest, Some(row.number))?;
        let file = self.store.artifacts().path(row.digest);
        let checked = self.check(file, &settings).await;
        checked.map_err(|error| match error {
            DeploymentError::Store(StoreError::File(_)) => DeploymentError::Damaged(number),
            // It could run once: the file is another one now.
            DeploymentError::InvalidComponent(_)
                if !self.store.artifacts().is_intact(row.digest) =>
            {
                DeploymentError::Damaged(number)
            }
            other => other,
        })?;
        self.set_current(&name, number).await?;
        if let Err(error) = self.serve(&row, &configured).await {
            if let Err(error) = self.set_current(&name, current.number).await {
                tracing::error!(function = %name, version = number, %error, "a version that was refused stays current");
            }
            return Err(error);
        }
        Ok(row)
    }

    async fn set_current(&self, name: &str, number: i64) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.store
            .write(move |connection| functions::set_current(connection, &name, number))
            .await
    }

    pub(super) async fn version_row(
        &self,
        name: &str,
        number: i64,
    ) -> Result<VersionRow, DeploymentError> {
        let of = name.to_owned();
        let row = self
            .store
            .read(move |connection| functions::get(connection, &of, number))
            .await?;
        row.ok_or_else(|| DeploymentError::NoSuchVersion {
            name: name.to_owned(),
            number,
        })
    }
}
