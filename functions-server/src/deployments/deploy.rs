//! Deploys a component, its settings, or both.

use std::sync::Arc;

use super::settings::{Change, Configured, Secrets, SecretsError, for_version};
use super::{DeploymentError, Deployments, Precondition, complete};
use crate::store::functions::{self, NewVersion, VersionRow};
use crate::store::{Digest, StoreError, Time, Uploaded};

/// The outcome of a deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeployOutcome {
    /// There was no function of that name.
    Created,
    /// A new version is current.
    Changed,
    /// The current version is the same.
    Unchanged,
}

/// A function after a deploy.
#[derive(Debug)]
pub(crate) struct Deployed {
    pub(crate) row: VersionRow,
    pub(crate) outcome: DeployOutcome,
}

impl Deployments {
    /// Makes a new version current, unless the current one is the same. Once this returns, the version is
    /// on the disk, and no request reaches another one.
    ///
    /// Without a component, the current one stays.
    pub(crate) async fn deploy(
        self: &Arc<Self>,
        name: String,
        component: Option<Uploaded>,
        change: Change,
        precondition: Precondition,
    ) -> Result<Deployed, DeploymentError> {
        let this = self.clone();
        complete(async move {
            this.deploy_inner(name, component, change, precondition)
                .await
        })
        .await
    }

    async fn deploy_inner(
        &self,
        name: String,
        component: Option<Uploaded>,
        change: Change,
        precondition: Precondition,
    ) -> Result<Deployed, DeploymentError> {
        self.refuse_files(&name)?;
        let _changing = self.changing.lock(&name).await;
        let current = self.current(&name).await?;
        let number = current.as_ref().map(|row| row.number);
        if !precondition.holds(number) {
            return Err(DeploymentError::Precondition(number));
        }
        let before = current.as_ref().map(|row| self.configured(row)).transpose();
        let before = match (before, &change) {
            // Settings that cannot be read can be replaced.
            (Err(_), Change::Replace(_)) => None,
            (before, _) => before?,
        };
        let configured = before.clone().unwrap_or_default().changed(change)?;
        let (digest, size) = match (&component, &current) {
            (Some(uploaded), _) => (uploaded.digest, length(uploaded)?),
            (None, Some(row)) => (row.digest, row.size),
            (None, None) => return Err(DeploymentError::NotFound(name)),
        };
        if let Some(row) = current.as_ref()
            && row.digest == digest
            && before.as_ref() == Some(&configured)
        {
            self.repair(row, component).await?;
            let (row, outcome) = (row.clone(), DeployOutcome::Unchanged);
            return Ok(Deployed { row, outcome });
        }
        let secrets = self.encrypt(&name, &configured.secrets)?;
        let version = UnstoredVersion {
            name,
            digest,
            size,
            configured,
            secrets,
            previous: current,
        };
        self.add(version, component).await
    }

    /// Checks a version, stores it and serves it, in this order.
    async fn add(
        &self,
        version: UnstoredVersion,
        component: Option<Uploaded>,
    ) -> Result<Deployed, DeploymentError> {
        let settings = for_version(&version.configured, version.digest, None)?;
        let file = component.as_ref().map_or_else(
            || self.store.artifacts().path(version.digest),
            |uploaded| uploaded.path().to_owned(),
        );
        let checked = self.check(file, &settings).await;
        checked.map_err(|error| match (error, &version.previous) {
            (DeploymentError::Store(StoreError::File(_)), Some(row)) if component.is_none() => {
                DeploymentError::Damaged(row.number)
            }
            (error, _) => error,
        })?;

        let artifacts = self.store.artifacts().clone();
        let digest = version.digest;
        let keep = move || match component {
            Some(uploaded) => artifacts.keep(uploaded),
            None => Ok(artifacts.pin(digest)),
        };
        // Until the row names the file, or the deploy has failed.
        let pin = self.blocking(keep).await?;
        let new = version.row()?;
        let added = self
            .store
            .write(move |connection| functions::add(connection, &new))
            .await;
        drop(pin);
        let row = match added {
            Ok(row) => row,
            Err(error) => {
                self.store.delete_unnamed(vec![digest]).await;
                return Err(error.into());
            }
        };
        if let Err(error) = self.serve(&row, &version.configured).await {
            self.withdraw(&row, version.previous.as_ref()).await;
            return Err(error);
        }
        let outcome = match version.previous {
            None => DeployOutcome::Created,
            Some(_) => DeployOutcome::Changed,
        };
        Ok(Deployed { row, outcome })
    }

    /// Takes back a version that the host could not serve though it could check it.
    async fn withdraw(&self, row: &VersionRow, previous: Option<&VersionRow>) {
        let (name, number) = (row.function.clone(), row.number);
        let previous = previous.map(|row| row.number);
        let withdraw =
            move |connection: &_| functions::withdraw(connection, &name, number, previous);
        match self.store.write(withdraw).await {
            Ok(()) => self.store.delete_unnamed(vec![row.digest]).await,
            Err(error) => {
                let (function, version) = (&row.function, row.number);
                tracing::error!(%function, version, %error, "a version that was refused stays stored");
            }
        }
    }

    /// Replaces a component's file if it is damaged, and loads the function again if that failed.
    async fn repair(
        &self,
        row: &VersionRow,
        component: Option<Uploaded>,
    ) -> Result<(), DeploymentError> {
        let Some(uploaded) = component else {
            return Ok(());
        };
        let (artifacts, digest) = (self.store.artifacts().clone(), row.digest);
        let repair = move || {
            if artifacts.is_intact(digest) {
                return Ok(false);
            }
            artifacts.keep(uploaded).map(|_pin| true)
        };
        let was_damaged = self.blocking(repair).await?;
        let info = self.harness.function(&row.function);
        if was_damaged || info.is_none_or(|info| info.load_error.is_some()) {
            self.serve(row, &self.configured(row)?).await?;
        }
        Ok(())
    }

    fn encrypt(&self, name: &str, secrets: &Secrets) -> Result<Option<Vec<u8>>, DeploymentError> {
        if secrets.0.is_empty() {
            return Ok(None);
        }
        let key = self.key.as_ref().ok_or(SecretsError::NoKey)?;
        Ok(Some(key.encrypt(name, secrets)?))
    }
}

/// A version before it is stored.
struct UnstoredVersion {
    name: String,
    digest: Digest,
    size: i64,
    configured: Configured,
    secrets: Option<Vec<u8>>,
    previous: Option<VersionRow>,
}

impl UnstoredVersion {
    fn row(&self) -> Result<NewVersion, DeploymentError> {
        let settings = serde_json::to_string(&self.configured.settings);
        Ok(NewVersion {
            function: self.name.clone(),
            digest: self.digest,
            size: self.size,
            settings: settings.map_err(|error| DeploymentError::Host(error.to_string()))?,
            secrets: self.secrets.clone(),
            created: Time::now(),
        })
    }
}

fn length(uploaded: &Uploaded) -> Result<i64, StoreError> {
    i64::try_from(uploaded.length).map_err(|_| StoreError::Full)
}
