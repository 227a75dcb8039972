use std::path::PathBuf;

use functions_server::{InvalidSettings, SettingsDocument};
use host_harness::{FunctionSettings, Ingress};
use serde_json::{Map, Value};

use super::manifest::Written;

/// A function of a project.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) component: ComponentSource,
    pub(crate) settings: SettingsDocument,
    /// The settings as the management API takes them.
    pub(crate) document: Map<String, Value>,
    /// The settings as the manifest has them.
    pub(crate) written: Written,
}

impl Function {
    /// The settings as the host has them.
    pub(crate) fn for_host(&self) -> Result<FunctionSettings, InvalidSettings> {
        self.settings.for_host()
    }

    /// The same for a developer's own host, which knows no tokens: who can reach it may invoke the function.
    pub(crate) fn for_development(&self) -> Result<FunctionSettings, InvalidSettings> {
        let mut settings = self.settings.for_host()?;
        if settings.ingress == Ingress::Token {
            settings.ingress = Ingress::Public;
        }
        Ok(settings)
    }
}

/// Where the component of a function comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ComponentSource {
    File(PathBuf),
    /// Built from a package of one of the workspaces.
    Package {
        workspace: usize,
        package: String,
    },
}
