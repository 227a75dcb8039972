//! What can be read of functions.

use std::fs;
use std::ops::Bound;

use host_harness::FunctionInfo;
use serde_json::{Map, Value};

use super::settings::{Configured, Ingress};
use super::{DeploymentError, Deployments, Settings};
use crate::store::functions::{self, VersionRow};
use crate::store::{Digest, Time};

/// How many functions a list reads at once.
const PAGE: usize = 100;

/// Whether a function can answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LoadState {
    /// It is loaded.
    Ready,
    /// Its next request loads it.
    Unloaded,
    /// It cannot be loaded.
    Failed(String),
}

/// A version, as it is shown.
#[derive(Debug)]
pub(crate) struct VersionView {
    pub(crate) version: i64,
    pub(crate) digest: Digest,
    pub(crate) size: i64,
    pub(crate) created: Time,
    pub(crate) settings: Map<String, Value>,
}

/// A function, as it is shown.
#[derive(Debug)]
pub(crate) struct FunctionView {
    pub(crate) name: String,
    /// `None` for a function that this process serves from a file.
    pub(crate) current: Option<VersionView>,
    pub(crate) state: LoadState,
    /// How many instances wait for a request.
    pub(crate) idle: u32,
    /// How many invocations are in flight.
    pub(crate) running: u32,
    /// Whether its URL answers requests from outside.
    pub(crate) is_private: bool,
}

impl Deployments {
    /// One function.
    pub(crate) async fn get(&self, name: &str) -> Result<FunctionView, DeploymentError> {
        if self.files.contains(name) {
            return Ok(self.file_view(name));
        }
        let row = self.current(name).await?;
        let row = row.ok_or_else(|| DeploymentError::NotFound(name.to_owned()))?;
        self.view(row).await
    }

    /// The functions behind `after`, by name, and whether there are more. `wanted` chooses among them.
    pub(crate) async fn list(
        &self,
        after: String,
        limit: usize,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(Vec<FunctionView>, bool), DeploymentError> {
        let beyond = (Bound::Excluded(after.as_str()), Bound::Unbounded);
        let files = self
            .files
            .range::<str, _>(beyond)
            .filter(|name| wanted(name));
        let mut views: Vec<_> = files.map(|name| self.file_view(name)).collect();
        let mut from = after.clone();
        // Each page is read from the store until there is one more than wanted.
        let mut stored = 0;
        while stored <= limit {
            let read = move |connection: &_| functions::list(connection, &from, PAGE);
            let rows = self.store.read(read).await?;
            let Some(last) = rows.last() else { break };
            from = last.function.clone();
            for row in rows {
                if wanted(&row.function) && !self.files.contains(&row.function) && stored <= limit {
                    stored += 1;
                    // A list shows no settings, which may be long, and need not be decrypted.
                    views.push(self.view_with(row, Map::new()).await?);
                }
            }
        }
        views.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let has_more = views.len() > limit;
        views.truncate(limit);
        Ok((views, has_more))
    }

    /// The versions of a function below `before`, the newest first, and whether there are more.
    pub(crate) async fn versions(
        &self,
        name: &str,
        before: i64,
        limit: usize,
    ) -> Result<(Vec<VersionView>, bool), DeploymentError> {
        let name = name.to_owned();
        let read = move |connection: &_| functions::versions(connection, &name, before, limit);
        let (rows, has_more) = self.store.read(read).await?;
        Ok((
            rows.iter().map(|row| self.version_view(row)).collect(),
            has_more,
        ))
    }

    /// A function whose row is known.
    pub(crate) async fn view(&self, row: VersionRow) -> Result<FunctionView, DeploymentError> {
        let settings = self.shown(&row);
        self.view_with(row, settings).await
    }

    async fn view_with(
        &self,
        row: VersionRow,
        settings: Map<String, Value>,
    ) -> Result<FunctionView, DeploymentError> {
        let info = self.harness.function(&row.function);
        let state = self.state(&row, info.as_ref()).await?;
        let instances = info.map(|info| info.instances).unwrap_or_default();
        Ok(FunctionView {
            is_private: is_private(&row),
            current: Some(version_view(&row, settings)),
            state,
            idle: instances.idle,
            running: instances.running,
            name: row.function,
        })
    }

    async fn state(
        &self,
        row: &VersionRow,
        info: Option<&FunctionInfo>,
    ) -> Result<LoadState, DeploymentError> {
        let is_served = self.served(&row.function).is_some();
        let Some(info) = info.filter(|_| is_served) else {
            let reason = "it could not be registered at the start: the server's log says why";
            return Ok(LoadState::Failed(reason.to_owned()));
        };
        if info.loaded {
            return Ok(LoadState::Ready);
        }
        let (file, size) = (self.store.artifacts().path(row.digest), row.size);
        let is_whole = self
            .blocking(move || {
                Ok(fs::metadata(file).is_ok_and(|file| i64::try_from(file.len()) == Ok(size)))
            })
            .await?;
        if !is_whole {
            return Ok(LoadState::Failed(
                DeploymentError::Damaged(row.number).to_string(),
            ));
        }
        Ok(match &info.load_error {
            Some(_) => LoadState::Failed(
                "its component cannot be loaded: the server's log says why".to_owned(),
            ),
            None => LoadState::Unloaded,
        })
    }

    /// The current version of a stored function.
    pub(crate) async fn current_version(&self, name: &str) -> Result<VersionView, DeploymentError> {
        let row = self.current(name).await?;
        let row = row.ok_or_else(|| DeploymentError::NotFound(name.to_owned()))?;
        Ok(self.version_view(&row))
    }

    /// A stored version, as it is shown.
    pub(crate) fn version_view(&self, row: &VersionRow) -> VersionView {
        version_view(row, self.shown(row))
    }

    /// The settings of a version. Secrets are shown by name if the key is known, and without it not at all.
    fn shown(&self, row: &VersionRow) -> Map<String, Value> {
        let configured = self.configured(row).unwrap_or_else(|_| Configured {
            settings: Settings::parse(&row.settings).unwrap_or_default(),
            ..Configured::default()
        });
        configured.shown()
    }

    /// A function from a file has neither versions nor settings.
    fn file_view(&self, name: &str) -> FunctionView {
        let info = self.harness.function(name);
        let instances = info.map(|info| info.instances).unwrap_or_default();
        FunctionView {
            name: name.to_owned(),
            current: None,
            state: LoadState::Ready,
            idle: instances.idle,
            running: instances.running,
            is_private: false,
        }
    }
}

fn version_view(row: &VersionRow, settings: Map<String, Value>) -> VersionView {
    VersionView {
        version: row.number,
        digest: row.digest,
        size: row.size,
        created: row.created,
        settings,
    }
}

/// Whether nobody may invoke a version from outside.
fn is_private(row: &VersionRow) -> bool {
    Settings::parse(&row.settings).is_ok_and(|settings| settings.ingress == Some(Ingress::Private))
}
