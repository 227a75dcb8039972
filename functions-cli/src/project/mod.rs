//! A project: its functions, as `functions.toml` and cargo know them.

mod cargo;
mod error;
mod folder;
mod function;
mod manifest;
mod profile;

use std::fs;
use std::path::{Path, PathBuf};

use functions_server::SettingsDocument;
use functions_toolchain::GuestBuild;
use host_harness::Harness;
use serde_json::Map;

pub(crate) use self::cargo::{Package, Workspace, not_run};
pub(crate) use self::error::ProjectError;
pub(crate) use self::folder::{folder_of, is_project, near};
pub(crate) use self::function::{ComponentSource, Function};
use self::manifest::{Declared, Origin};
pub(crate) use self::manifest::{DevOption, FILE as MANIFEST, InvalidManifest, Manifest, Written};
pub(crate) use self::profile::Profiles;

/// The functions of a project, and the workspaces that they are built in.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) functions: Vec<Function>,
    pub(crate) workspaces: Vec<Workspace>,
    /// The manifest's options of `functions dev`.
    pub(crate) dev: Vec<DevOption>,
    /// Where the manifest is, or would be.
    manifest: PathBuf,
    pub(crate) has_manifest: bool,
}

impl Project {
    /// The project in a folder: what its manifest declares, or else its package or workspace.
    pub(crate) fn load(folder: &Path) -> Result<Self, ProjectError> {
        let manifest = Manifest::find(folder)?;
        let mut project = Self {
            functions: Vec::new(),
            workspaces: Vec::new(),
            dev: Vec::new(),
            manifest: folder.join(MANIFEST),
            has_manifest: manifest.is_some(),
        };
        if let Some(manifest) = &manifest {
            project.dev.clone_from(&manifest.dev);
        }
        match manifest {
            Some(manifest) if !manifest.functions.is_empty() => {
                for declared in &manifest.functions {
                    let component = project.component(&manifest, declared, folder)?;
                    project.functions.push(Function {
                        name: declared.name.clone(),
                        component,
                        settings: declared.settings.clone(),
                        document: declared.document.clone(),
                        written: declared.written.clone(),
                    });
                }
            }
            _ => project.add_packages(folder)?,
        }
        Ok(project)
    }

    /// Without a manifest, the packages of the folder are the functions.
    fn add_packages(&mut self, folder: &Path) -> Result<(), ProjectError> {
        if !folder
            .ancestors()
            .any(|above| above.join("Cargo.toml").is_file())
        {
            return Err(ProjectError::Invalid(format!(
                "{} has no package and no {MANIFEST}: run this in the folder of one; `functions new` makes one",
                folder.display()
            )));
        }
        let workspace = Workspace::load(folder)?;
        for package in workspace.functions_in(folder)? {
            Harness::check_name(&package.name)?;
            self.functions.push(Function {
                name: package.name.clone(),
                component: ComponentSource::Package {
                    workspace: 0,
                    package: package.name.clone(),
                },
                settings: SettingsDocument::default(),
                document: Map::new(),
                written: Written::default(),
            });
        }
        self.workspaces.push(workspace);
        Ok(())
    }

    fn component(
        &mut self,
        manifest: &Manifest,
        declared: &Declared,
        folder: &Path,
    ) -> Result<ComponentSource, ProjectError> {
        match &declared.origin {
            Origin::Path(path) => {
                let path = folder.join(path);
                if !path.is_dir() {
                    return Ok(ComponentSource::File(path));
                }
                let unreadable = |error| format!("{} cannot be read: {error}", path.display());
                let path = fs::canonicalize(&path).map_err(unreadable)?;
                if !path.join("Cargo.toml").is_file() {
                    let reason = format!("no package has the folder {}", path.display());
                    return Err(manifest.error(declared, reason).into());
                }
                let workspace = self.workspace_of(&path)?;
                let known = self.workspaces.get(workspace);
                let package = known.and_then(|known| known.package_in(&path));
                let package = package.ok_or_else(|| {
                    let reason = format!("no package has the folder {}", path.display());
                    manifest.error(declared, reason)
                })?;
                Ok(built(workspace, package).map_err(|reason| manifest.error(declared, reason))?)
            }
            Origin::Package(name) => {
                let workspace = self.workspace_of(folder)?;
                let known = self.workspaces.get(workspace);
                let package = known.and_then(|known| known.package(name));
                let package = package.ok_or_else(|| {
                    let packages = known.into_iter().flat_map(|known| &known.packages);
                    let names = packages.filter(|package| package.is_function());
                    let names: Vec<_> = names.map(|package| package.name.as_str()).collect();
                    let reason = manifest::unknown_package(name, &names);
                    manifest.error(declared, reason)
                })?;
                Ok(built(workspace, package).map_err(|reason| manifest.error(declared, reason))?)
            }
        }
    }

    /// The workspace that a folder is in.
    fn workspace_of(&mut self, folder: &Path) -> Result<usize, ProjectError> {
        let mut known = self.workspaces.iter();
        let is_of = |known: &Workspace| known.root == folder || known.package_in(folder).is_some();
        if let Some(index) = known.position(is_of) {
            return Ok(index);
        }
        let workspace = Workspace::load(folder)?;
        let mut known = self.workspaces.iter();
        if let Some(index) = known.position(|known| known.root == workspace.root) {
            return Ok(index);
        }
        self.workspaces.push(workspace);
        Ok(self.workspaces.len() - 1)
    }

    /// The function with a name, or else that of a package with this name.
    pub(crate) fn function_named(&self, name: &str) -> Result<&Function, ProjectError> {
        let is_of = |function: &&Function| match &function.component {
            ComponentSource::Package { package, .. } => package == name,
            ComponentSource::File(_) => false,
        };
        let mut functions = self.functions.iter();
        let named = functions.find(|function| function.name == name);
        let found = named.or_else(|| self.functions.iter().find(is_of));
        found.ok_or_else(|| {
            let known: Vec<_> = self.names().collect();
            ProjectError::Invalid(manifest::unknown_function(name, &known))
        })
    }

    /// Keeps the functions of these names, and what is built for them.
    pub(crate) fn keep(&mut self, names: &[String]) -> Result<(), ProjectError> {
        for name in names {
            self.function_named(name)?;
        }
        self.functions
            .retain(|function| names.contains(&function.name));
        Ok(())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.iter().map(|function| function.name.as_str())
    }

    /// The builds of all functions, with the workspace of each.
    pub(crate) fn builds(&self) -> Vec<(usize, GuestBuild)> {
        let builds = self
            .workspaces
            .iter()
            .enumerate()
            .map(|(index, workspace)| {
                let mut packages = Vec::new();
                for function in &self.functions {
                    match &function.component {
                        ComponentSource::Package { workspace, package }
                            if *workspace == index && !packages.contains(package) =>
                        {
                            packages.push(package.clone());
                        }
                        _ => {}
                    }
                }
                let is_empty = packages.is_empty();
                let build = GuestBuild::new(&workspace.root)
                    .packages(packages)
                    .profile(workspace.profile);
                (!is_empty).then_some((index, build))
            });
        builds.flatten().collect()
    }

    /// The component of a function; for a package, where cargo leaves it.
    pub(crate) fn component_of(&self, function: &Function) -> Option<PathBuf> {
        match &function.component {
            ComponentSource::File(file) => Some(file.clone()),
            ComponentSource::Package { workspace, package } => {
                self.workspaces.get(*workspace)?.component(package)
            }
        }
    }

    /// The workspace of a function that is built here.
    pub(crate) fn workspace(&self, function: &Function) -> Option<&Workspace> {
        match &function.component {
            ComponentSource::File(_) => None,
            ComponentSource::Package { workspace, .. } => self.workspaces.get(*workspace),
        }
    }

    /// The package of a function that is built here.
    pub(crate) fn package_of(&self, function: &Function) -> Option<&Package> {
        match &function.component {
            ComponentSource::File(_) => None,
            ComponentSource::Package { package, .. } => self.workspace(function)?.package(package),
        }
    }

    /// The folders of all packages that are not from a registry.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let packages = self.workspaces.iter().flat_map(|known| &known.packages);
        packages.map(|package| package.folder.clone()).collect()
    }

    /// The folders that cargo builds in.
    pub(crate) fn targets(&self) -> Vec<PathBuf> {
        let targets = self.workspaces.iter();
        targets.map(|workspace| workspace.target.clone()).collect()
    }

    /// Files that say what the functions are and how to build them. The manifest may be made later.
    pub(crate) fn inputs(&self) -> Vec<PathBuf> {
        let workspaces = self.workspaces.iter();
        let files = workspaces.flat_map(Workspace::manifests);
        files
            .chain([self.manifest.clone()])
            .chain(self.files().map(Path::to_owned))
            .collect()
    }

    /// The components that are not built here.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.functions
            .iter()
            .filter_map(|function| match &function.component {
                ComponentSource::File(file) => Some(file.as_path()),
                ComponentSource::Package { .. } => None,
            })
    }
}

fn built(workspace: usize, package: &Package) -> Result<ComponentSource, String> {
    package.check_function()?;
    Ok(ComponentSource::Package {
        workspace,
        package: package.name.clone(),
    })
}
