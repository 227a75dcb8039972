//! What cargo knows of a workspace.

use std::env;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ProjectError;
use super::profile::Profiles;
use crate::child::ChildGroup;
use serde_json::Value;

/// The kind of library that becomes a component.
const FUNCTION: &str = "cdylib";

/// A workspace; a package that is in none is its own.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    /// The profile that functions are built with.
    pub(crate) profile: &'static str,
    pub(crate) profiles: Profiles,
    /// All packages that are not from a registry.
    pub(crate) packages: Vec<Package>,
    /// The versions of packages from elsewhere too; none if they are not resolved.
    pub(crate) versions: Vec<(String, String)>,
}

/// A package that is not from a registry.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest: PathBuf,
    pub(crate) folder: PathBuf,
    /// The kinds of library that it is built as.
    pub(crate) crate_types: Vec<String>,
    /// The name of the library, as its file has it.
    pub(crate) library: String,
}

impl Package {
    fn own(package: &Value) -> Option<Self> {
        if !package.get("source").is_none_or(Value::is_null) {
            return None;
        }
        let manifest = PathBuf::from(package.get("manifest_path")?.as_str()?);
        let mut targets = package.get("targets")?.as_array()?.iter();
        let kinds = targets.clone();
        let kinds = kinds.filter_map(|target| target.get("crate_types")?.as_array());
        let library = targets.find(|target| {
            let kinds = target.get("crate_types").and_then(Value::as_array);
            kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == FUNCTION))
        });
        let library = library.and_then(|library| text(library.get("name")?));
        Some(Self {
            name: package.get("name")?.as_str()?.to_owned(),
            folder: manifest.parent()?.to_owned(),
            crate_types: kinds.flatten().filter_map(text).collect(),
            library: library.unwrap_or_default().replace('-', "_"),
            manifest,
        })
    }

    pub(crate) fn is_function(&self) -> bool {
        self.crate_types.iter().any(|kind| kind == FUNCTION)
    }

    /// Fails if the package does not build a function.
    pub(crate) fn check_function(&self) -> Result<(), String> {
        match self.is_function() {
            true => Ok(()),
            false => Err(format!(
                "package {} is not a function: add `crate-type = [\"cdylib\"]` to [lib] in {}",
                self.name,
                self.manifest.display()
            )),
        }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

impl Workspace {
    /// Asks cargo about the workspace of a folder. The error is for the person who edits it.
    pub(crate) fn load(folder: &Path) -> Result<Self, ProjectError> {
        // What is not resolved yet may need the network, which a build may do without.
        let metadata = metadata(folder, &[]).or_else(|_| metadata(folder, &["--no-deps"]))?;
        let path = |member: &str| metadata.get(member).and_then(text).map(PathBuf::from);
        let (Some(root), Some(target)) = (path("workspace_root"), path("target_directory")) else {
            let text = "`cargo metadata` has no workspace_root".to_owned();
            return Err(ProjectError::Cargo(text));
        };
        let packages = metadata.get("packages").and_then(Value::as_array);
        let packages = packages.into_iter().flatten();
        let version =
            |package: &Value| Some((text(package.get("name")?)?, text(package.get("version")?)?));
        let versions = packages.clone().filter_map(version).collect();
        let profiles = Profiles::read(&root);
        Ok(Self {
            packages: packages.filter_map(Package::own).collect(),
            versions,
            profile: profiles.for_functions(),
            profiles,
            root,
            target,
        })
    }

    /// Files that say how to build.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = PathBuf> {
        let packages = self.packages.iter().map(|package| package.manifest.clone());
        let own = [
            "Cargo.toml",
            "Cargo.lock",
            "rust-toolchain.toml",
            "rust-toolchain",
        ];
        let own = own.into_iter().map(|name| self.root.join(name));
        let above = self.root.ancestors();
        packages
            .chain(own)
            .chain(above.map(|folder| folder.join(".cargo/config.toml")))
    }

    /// Where cargo leaves the component of a package.
    pub(crate) fn component(&self, package: &str) -> Option<PathBuf> {
        let library = &self.package(package)?.library;
        let folder = self.target.join(functions_toolchain::TARGET);
        Some(folder.join(self.profile).join(format!("{library}.wasm")))
    }

    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    pub(crate) fn package_in(&self, folder: &Path) -> Option<&Package> {
        self.packages
            .iter()
            .find(|package| package.folder == folder)
    }

    /// The functions that a folder stands for: its own package, or all below it.
    pub(crate) fn functions_in(&self, folder: &Path) -> Result<Vec<&Package>, String> {
        if let Some(package) = self.package_in(folder) {
            return package.check_function().map(|()| vec![package]);
        }
        let below = self.packages.iter();
        let below = below.filter(|package| package.folder.starts_with(folder));
        let mut below: Vec<_> = below.filter(|package| package.is_function()).collect();
        if !below.is_empty() {
            below.sort_by(|one, other| one.name.cmp(&other.name));
            return Ok(below);
        }
        let above = folder.ancestors().find_map(|above| self.package_in(above));
        let Some(package) = above else {
            return Err(format!(
                "no package in {} is a function: a function's [lib] has `crate-type = [\"cdylib\"]`",
                folder.display()
            ));
        };
        package.check_function().map(|()| vec![package])
    }
}

/// Why cargo did not run, and what to do.
pub(crate) fn not_run(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::Interrupted => "stopped before cargo was run".to_owned(),
        _ => format!("cannot run cargo: {error}; https://rustup.rs installs it"),
    }
}

fn metadata(folder: &Path, arguments: &[&str]) -> Result<Value, ProjectError> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command
        .current_dir(folder)
        .args(["metadata", "--format-version", "1"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let failed = |error| ProjectError::Cargo(not_run(&error));
    let mut group = ChildGroup::start(&mut command).map_err(failed)?;
    let (printed, said) = group.pipes().read(|_| {}).map_err(failed)?;
    let status = group.wait().map_err(failed)?;
    let said = said.trim_end();
    if !status.success() && said.is_empty() {
        let text = format!("`cargo metadata` failed without a word: {status}");
        return Err(ProjectError::Cargo(text));
    }
    if !status.success() {
        let said = said.strip_prefix("error: ").unwrap_or(said);
        return Err(ProjectError::Invalid(said.to_owned()));
    }
    serde_json::from_str(&printed).map_err(|error| {
        let text = format!("what `cargo metadata` prints is not JSON: {error}");
        ProjectError::Cargo(text)
    })
}
