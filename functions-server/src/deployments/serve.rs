//! Makes the host serve what is stored.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use host_harness::{FunctionSettings, Harness};

use tokio::sync::Semaphore;

use super::error::chain;
use super::rotate::{Keys, rotate};
use super::settings::{Configured, SecretsKey, clear, for_version, name_of};
use super::{DeploymentError, Deployments, NameLocks, ServedFunctions, ServedVersion, configured};
use crate::store::functions::{self, VersionRow};
use crate::store::{Store, StoreError};

/// How many functions a start reads at once.
const PAGE: usize = 1000;

/// How many components are in memory at once to be checked.
const MAX_CHECKS: usize = 2;

impl Deployments {
    /// Registers every stored function with the host, on this thread. Their first requests load them.
    ///
    /// # Errors
    ///
    /// - The store cannot be read.
    /// - There are stored secrets, and the key is missing or another one.
    pub(crate) fn open(
        store: Arc<Store>,
        harness: Harness,
        keys: Keys,
    ) -> Result<Self, DeploymentError> {
        if let (Some(key), Some(previous)) = (&keys.current, &keys.previous) {
            rotate(&store, key, previous)?;
        }
        let key = keys.current;
        // Also if no current version has secrets: a rollback may need them.
        if let Some(row) = store.read_blocking(functions::any_with_secrets)? {
            configured(&row, key.as_ref())?;
        }
        let files: BTreeSet<_> = harness
            .functions()
            .into_iter()
            .map(|info| info.name.to_string())
            .collect();
        let mut shadowed = Vec::new();
        let served = ServedFunctions::default();
        let mut after = String::new();
        loop {
            let rows =
                store.read_blocking(|connection| functions::list(connection, &after, PAGE))?;
            for row in &rows {
                if files.contains(&row.function) {
                    shadowed.push(row.function.clone());
                } else {
                    register(&store, &harness, key.as_ref(), row, &served);
                }
            }
            match rows.into_iter().last() {
                Some(last) => after = last.function,
                None => break,
            }
        }
        Ok(Self {
            store,
            harness,
            key,
            files,
            shadowed,
            changing: NameLocks::default(),
            served,
            checks: Semaphore::new(MAX_CHECKS),
        })
    }

    /// Checks that the host can run a component.
    pub(super) async fn check(
        &self,
        file: PathBuf,
        settings: &FunctionSettings,
    ) -> Result<(), DeploymentError> {
        let _permit = self
            .checks
            .acquire()
            .await
            .map_err(|_| StoreError::Closed)?;
        // As bytes, so that the host's errors do not name a file that the client does not know.
        let bytes = self.blocking(move || Ok(std::fs::read(file)?)).await?;
        Ok(self.harness.check(Bytes::from(bytes), settings).await?)
    }

    /// Makes the host serve a stored version. Once this returns, no request reaches another one.
    pub(super) async fn serve(
        &self,
        row: &VersionRow,
        configured: &Configured,
    ) -> Result<(), DeploymentError> {
        let settings = for_version(configured, row.digest, Some(row.number))?;
        let file = self.store.artifacts().path(row.digest);
        self.harness.deploy(&row.function, file, settings).await?;
        let settings = configured.settings.clone();
        self.served.put(&row.function, row.number, settings);
        Ok(())
    }

    /// The version of a function that is served; `None` for one from a file.
    pub(crate) fn served(&self, name: &str) -> Option<Arc<ServedVersion>> {
        self.served.get(name)
    }

    /// How often what is served has changed.
    pub(crate) fn changes(&self) -> u64 {
        self.served.changes()
    }
}

/// Registers one function. One that cannot be registered does not keep the others from being served.
fn register(
    store: &Store,
    harness: &Harness,
    key: Option<&SecretsKey>,
    row: &VersionRow,
    served: &ServedFunctions,
) {
    let name = &row.function;
    let registered = configured(row, key).and_then(|configured| {
        let settings = for_version(&configured, row.digest, Some(row.number))?;
        let file = store.artifacts().path(row.digest);
        register_within_bounds(settings, name, |settings| {
            harness.register(name, file.clone(), settings.clone())
        })?;
        served.put(name, row.number, configured.settings);
        Ok(())
    });
    let Err(error) = registered else { return };
    tracing::error!(function = %name, "cannot be served: {}", chain(&error));
    // Its settings may keep clients out, so its component must not be served without them. A file that is
    // never there makes its requests fail with 503, as for a component that is missing.
    let nothing = store.artifacts().nothing();
    if let Err(error) = harness.register(name, nothing, FunctionSettings::default()) {
        tracing::error!(function = %name, "cannot be registered: {error}");
    }
}

/// Lowers settings to the host's bounds, which may have been higher when the function was deployed.
fn register_within_bounds(
    mut settings: FunctionSettings,
    name: &str,
    register: impl Fn(&FunctionSettings) -> Result<(), host_harness::DeployError>,
) -> Result<(), DeploymentError> {
    loop {
        let Err(error) = register(&settings) else {
            return Ok(());
        };
        let before = format!("{settings:?}");
        let is_cleared = error
            .setting()
            .is_some_and(|field| clear(&mut settings, field));
        if !is_cleared || format!("{settings:?}") == before {
            return Err(error.into());
        }
        let setting = error.setting().map(name_of);
        tracing::warn!(function = %name, setting, "the host's own setting applies: {error}");
    }
}
