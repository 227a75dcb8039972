//! Which function is invoked, and which others it may call.

use std::path::Path;

use anyhow::Context as _;
use host_harness::{BuildError, Builder, Ingress};

use crate::build::{self, ManifestOptions};
use crate::project::{self, Function, Project, ProjectError};
use crate::serve::{self, ServedFunction};
use crate::value::named::Named;

/// The function to invoke, with those that it may call.
pub(super) struct Target {
    pub(super) name: String,
    functions: Vec<ServedFunction>,
}

impl Target {
    /// Finds the function that a text stands for, and builds it if it is one of a package.
    pub(super) fn find(text: &str, manifest: &ManifestOptions) -> anyhow::Result<Self> {
        let path = Path::new(text);
        let is_file = path.is_file() || path.extension().is_some_and(|ext| ext == "wasm");
        if text.contains('=') || (is_file && !path.ends_with("Cargo.toml")) {
            let named: Named = text.parse().map_err(ProjectError::Invalid)?;
            return Ok(Self {
                name: named.name.clone(),
                functions: vec![named.into()],
            });
        }
        if path.exists() {
            let folder = project::folder_of(path)?;
            let project = Project::load(&folder)?;
            let name = only(&project, &folder)?;
            return Self::of_project(project, &name, manifest);
        }
        let project = manifest.project()?.ok_or(ProjectError::Nothing);
        let project = project.with_context(|| format!("file {text:?} not found"))?;
        Self::of_project(project, text, manifest)
    }

    /// A function of a project. What a manifest declares belongs together, and can be called.
    fn of_project(
        mut project: Project,
        name: &str,
        manifest: &ManifestOptions,
    ) -> anyhow::Result<Self> {
        let name = project.function_named(name)?.name.clone();
        if !project.has_manifest {
            project.keep(std::slice::from_ref(&name))?;
        }
        let components = build::components(&project, manifest.is_built())?;
        let functions = components.into_iter().map(|(function, file)| {
            let mut settings = function.for_development()?;
            if function.name == name {
                // Every user of this command may invoke it.
                settings.ingress = Ingress::Public;
            }
            Ok(ServedFunction::declared(function, file, settings))
        });
        let functions: anyhow::Result<_> = functions.collect();
        Ok(Self {
            functions: functions?,
            name,
        })
    }

    /// The error of a host that cannot be built, as a person can mend it.
    pub(super) fn explain(&self, error: BuildError) -> anyhow::Error {
        serve::explain(&self.functions, error)
    }

    pub(super) fn add_to(&self, builder: Builder) -> Builder {
        let functions = self.functions.iter();
        functions.fold(builder, |builder, function| function.add_to(builder))
    }
}

/// The name of the only function of a project, or of the one that is named like its folder.
fn only(project: &Project, folder: &Path) -> Result<String, ProjectError> {
    let folder = std::fs::canonicalize(folder).ok();
    let folder = folder.as_ref().and_then(|folder| folder.file_name());
    let mut functions = project.functions.iter();
    let same = functions.find(|one| folder.is_some_and(|folder| folder == one.name.as_str()));
    match (same, project.functions.as_slice()) {
        (Some(Function { name, .. }), _) | (None, [Function { name, .. }]) => Ok(name.clone()),
        (None, functions) => {
            let names: Vec<_> = functions.iter().map(|one| one.name.as_str()).collect();
            Err(ProjectError::Invalid(format!(
                "several functions are there: name one of {}",
                names.join(", ")
            )))
        }
    }
}
