//! What is served of the project.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use functions_server::SettingsDocument;
use host_harness::{DeployError, Harness, Ingress};
use tokio::runtime::Handle;

use super::regular_file;
use super::screen;
use super::status::Status;
use crate::build::{self, Artifacts};
use crate::project::{Function, Project};

/// Serves the functions of a project through a host.
pub(super) struct Serving {
    harness: Harness,
    url: String,
    /// Functions that only others may call, whatever their settings say.
    private: Vec<String>,
    status: Arc<Status>,
    runtime: Handle,
    served: HashMap<String, ServedComponent>,
}

/// A component that is served, with its settings.
#[derive(PartialEq)]
struct ServedComponent {
    component: Bytes,
    settings: SettingsDocument,
}

impl Serving {
    /// Has to be called on the runtime that the harness uses.
    pub(super) fn new(
        harness: Harness,
        url: String,
        private: Vec<String>,
        status: Arc<Status>,
    ) -> Self {
        Self {
            harness,
            url,
            private,
            status,
            runtime: Handle::current(),
            served: HashMap::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.served.is_empty()
    }

    /// Serves what was built, where it differs from what is served. Returns whether anything does, or why
    /// some functions cannot be served.
    pub(super) fn serve(
        &mut self,
        project: &Project,
        artifacts: &Artifacts,
    ) -> Result<bool, Vec<String>> {
        for name in self.status.take_removed() {
            self.harness.remove(&name);
            self.served.remove(&name);
            screen::notice(&format!("removed {name}"));
        }
        let mut failures = Vec::new();
        let mut is_new = false;
        for function in &project.functions {
            match self.swap(function, artifacts) {
                Ok(differs) => is_new |= differs,
                Err(error) => failures.push(error),
            }
        }
        match failures.is_empty() {
            true => Ok(is_new),
            false => Err(failures),
        }
    }

    /// Replaces the served component; returns whether the new one differs.
    fn swap(&mut self, function: &Function, artifacts: &Artifacts) -> Result<bool, String> {
        let name = &function.name;
        let file = build::component(function, artifacts);
        let file = file.ok_or_else(|| format!("{name}: it was not built"))?;
        let read = regular_file::read(file).map(Bytes::from);
        let component =
            read.map_err(|error| format!("{name}: {} cannot be read: {error}", file.display()))?;
        let served = ServedComponent {
            component,
            settings: function.settings.clone(),
        };
        if self.served.get(name) == Some(&served) {
            return Ok(false);
        }
        let settings = function.for_development();
        let mut settings = settings.map_err(|invalid| format!("{name}: {invalid}"))?;
        if self.private.contains(name) {
            settings.ingress = Ingress::Private;
        }
        let is_private = settings.ingress == Ingress::Private;
        let component = served.component.clone();
        let deploy = self.harness.deploy(name, component, settings);
        self.runtime
            .block_on(deploy)
            .map_err(|error| refused(function, error))?;
        self.served.insert(name.clone(), served);
        self.status.serve(name);
        let version = self.harness.function(name).and_then(|info| info.version);
        let version = version.unwrap_or_default();
        let place = match is_private {
            true => format!("{name} (private)"),
            false => format!("{}/{name}", self.url),
        };
        screen::success(&format!("serving {place}  version {version}"));
        Ok(true)
    }
}

/// Why the host does not serve a function.
fn refused(function: &Function, error: DeployError) -> String {
    let name = &function.name;
    let invalid = error.invalid_setting();
    match invalid.and_then(|invalid| function.written.refused(name, invalid)) {
        Some(explained) => explained.to_string(),
        None => format!("{name}: {:#}", anyhow::Error::from(error)),
    }
}
