//! Functions, their numbered versions and settings: kept in the store, and served by the host.
//!
//! A change is stored before it is served, and served before it is acknowledged. So what was acknowledged
//! is both, and a start serves what is stored.

mod deploy;
mod error;
mod name;
mod name_locks;
mod precondition;
mod remove;
mod rollback;
mod rotate;
mod serve;
mod served;
mod settings;
mod view;

use std::collections::BTreeSet;
use std::sync::Arc;

use host_harness::Harness;

pub(crate) use deploy::DeployOutcome;
pub(crate) use error::{DeploymentError, chain};
pub(crate) use name::check_name;
pub(crate) use precondition::Precondition;
pub(crate) use rotate::Keys;
pub(crate) use settings::{Change, Settings, add_secrets};
pub use settings::{InvalidKey, InvalidSettings, SecretsKey, SettingsDocument};
pub(crate) use view::{FunctionView, LoadState, VersionView};

use crate::store::functions::VersionRow;
use crate::store::{Store, StoreError, functions};
use tokio::sync::Semaphore;

use name_locks::NameLocks;
use served::{ServedFunctions, ServedVersion};
use settings::{Configured, Secrets, SecretsError};

/// The functions of a server.
pub(crate) struct Deployments {
    store: Arc<Store>,
    harness: Harness,
    key: Option<SecretsKey>,
    /// The functions that this process serves from files.
    files: BTreeSet<String>,
    /// Stored functions whose names those have.
    shadowed: Vec<String>,
    /// One change of a function at a time.
    changing: NameLocks,
    /// What is served of the store.
    served: ServedFunctions,
    /// Bounds the components in memory.
    checks: Semaphore,
}

impl Deployments {
    /// The stored functions that this process serves from files instead.
    pub(crate) fn shadowed(&self) -> &[String] {
        &self.shadowed
    }

    async fn current(&self, name: &str) -> Result<Option<VersionRow>, DeploymentError> {
        let name = name.to_owned();
        let row = self
            .store
            .read(move |connection| functions::current(connection, &name))
            .await?;
        Ok(row)
    }

    /// The settings of a stored version.
    fn configured(&self, row: &VersionRow) -> Result<Configured, DeploymentError> {
        configured(row, self.key.as_ref())
    }

    fn refuse_files(&self, name: &str) -> Result<(), DeploymentError> {
        if self.files.contains(name) {
            return Err(DeploymentError::ServedFromFile(name.to_owned()));
        }
        Ok(())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        run: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        tokio::task::spawn_blocking(run)
            .await
            .map_err(|_| StoreError::Closed)?
    }
}

impl std::fmt::Debug for Deployments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deployments")
            .field("folder", &self.store.folder())
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

fn configured(row: &VersionRow, key: Option<&SecretsKey>) -> Result<Configured, DeploymentError> {
    let secrets = match (&row.secrets, key) {
        (None, _) => Secrets::default(),
        (Some(_), None) => return Err(SecretsError::NoKey.into()),
        (Some(stored), Some(key)) => key.decrypt(&row.function, stored)?,
    };
    Ok(Configured {
        settings: Settings::parse(&row.settings)?,
        secrets,
    })
}

/// Runs a change to its end, also if the client that asked for it goes away: store and host agree.
async fn complete<T: Send + 'static>(
    change: impl Future<Output = Result<T, DeploymentError>> + Send + 'static,
) -> Result<T, DeploymentError> {
    tokio::spawn(change)
        .await
        .unwrap_or(Err(DeploymentError::Store(StoreError::Closed)))
}
