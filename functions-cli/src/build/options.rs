//! Options of commands that take the functions of a project.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::project::{self, Function, MANIFEST, Project};

/// Options about `functions.toml`.
#[derive(Args)]
pub(crate) struct ManifestOptions {
    /// The functions.toml, whose functions have their settings from there. Defaults to that of this folder.
    #[arg(long, value_name = "FILE", env = "FUNCTIONS_MANIFEST")]
    manifest: Option<PathBuf>,

    /// Take what an earlier build has left, instead of building the packages first.
    #[arg(long)]
    no_build: bool,
}

impl ManifestOptions {
    /// Whether a manifest was named.
    pub(crate) fn is_given(&self) -> bool {
        self.manifest.is_some()
    }

    /// Whether what an earlier build has left is taken.
    pub(crate) fn is_built(&self) -> bool {
        self.no_build
    }

    /// The project: that of the manifest, or of this folder; `None` if it has neither a manifest nor a
    /// package.
    pub(crate) fn project(&self) -> anyhow::Result<Option<Project>> {
        let here = || {
            let names = [MANIFEST, "Cargo.toml"];
            names.into_iter().map(Path::new).find(|file| file.is_file())
        };
        let Some(file) = self.manifest.as_deref().or_else(here) else {
            return Ok(None);
        };
        Ok(Some(Project::load(&project::folder_of(file)?)?))
    }

    /// The functions with their components, which are built first.
    pub(crate) fn components<'a>(
        &self,
        project: &'a Project,
    ) -> anyhow::Result<Vec<(&'a Function, PathBuf)>> {
        super::components(project, self.no_build)
    }
}
