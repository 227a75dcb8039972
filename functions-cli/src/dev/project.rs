//! The functions of a project, as cargo knows it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use functions_toolchain::GuestBuild;
use host_harness::Harness;
use serde_json::Value;

use crate::child::ChildGroup;

/// The profile of functions' own, which a workspace may have.
const GUEST_PROFILE: &str = "guest";

/// What is built, and what it is made of.
#[derive(Debug, Clone)]
pub(super) struct Project {
    /// The packages to build; each is a function of the same name.
    pub(super) packages: Vec<String>,
    /// The folders of all packages that are not from a registry.
    pub(super) folders: Vec<PathBuf>,
    /// Files that say how to build.
    pub(super) manifests: Vec<PathBuf>,
    pub(super) target: PathBuf,
    workspace: PathBuf,
    profile: String,
}

/// The folder that a path names, which may also be a `Cargo.toml`.
pub(super) fn folder_of(path: &Path) -> Result<PathBuf, String> {
    let unreadable = |error| format!("{} cannot be read: {error}", path.display());
    let full = fs::canonicalize(path).map_err(unreadable)?;
    if full.is_dir() {
        return Ok(full);
    }
    match full.parent() {
        Some(folder) if full.ends_with("Cargo.toml") => Ok(folder.to_owned()),
        _ => Err(format!(
            "{} is not a folder: expected that of a package or workspace",
            path.display()
        )),
    }
}

impl Project {
    /// Asks cargo about the project in a folder. The error is for the person who edits it.
    pub(super) fn load(folder: &Path) -> Result<Self, String> {
        // What is not resolved yet may need the network, which a build may do without.
        let metadata = metadata(folder, &[]).or_else(|_| metadata(folder, &["--no-deps"]))?;
        let path = |member: &str| {
            metadata
                .get(member)
                .and_then(Value::as_str)
                .map(PathBuf::from)
        };
        let (Some(workspace), Some(target)) = (path("workspace_root"), path("target_directory"))
        else {
            return Err("cargo metadata has no workspace_root".into());
        };
        let packages = metadata.get("packages").and_then(Value::as_array);
        let own = packages.into_iter().flatten().filter_map(Package::own);
        let own: Vec<_> = own.collect();
        let mut manifests: Vec<_> = own.iter().map(|package| package.manifest.clone()).collect();
        for name in [
            "Cargo.toml",
            "Cargo.lock",
            "rust-toolchain.toml",
            "rust-toolchain",
        ] {
            manifests.push(workspace.join(name));
        }
        for ancestor in folder.ancestors() {
            manifests.push(ancestor.join(".cargo/config.toml"));
        }
        let functions = chosen(&own, folder)?;
        for name in &functions {
            Harness::check_name(name)?;
        }
        let root = fs::read_to_string(workspace.join("Cargo.toml")).unwrap_or_default();
        let header = format!("[profile.{GUEST_PROFILE}]");
        let has_profile = root.lines().any(|line| line.trim() == header);
        Ok(Self {
            packages: functions,
            folders: own.into_iter().map(|package| package.folder).collect(),
            manifests,
            target,
            workspace,
            profile: if has_profile {
                GUEST_PROFILE
            } else {
                "release"
            }
            .into(),
        })
    }

    /// The build of all functions.
    pub(super) fn build(&self) -> GuestBuild {
        GuestBuild::new(&self.workspace)
            .packages(&self.packages)
            .profile(&self.profile)
    }
}

/// A package that is not from a registry.
struct Package {
    name: String,
    manifest: PathBuf,
    folder: PathBuf,
    is_function: bool,
}

impl Package {
    fn own(package: &Value) -> Option<Self> {
        if package
            .get("source")
            .is_some_and(|source| !source.is_null())
        {
            return None;
        }
        let manifest = PathBuf::from(package.get("manifest_path")?.as_str()?);
        let targets = package.get("targets")?.as_array()?;
        let is_cdylib = |target: &Value| {
            let kinds = target.get("crate_types").and_then(Value::as_array);
            kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "cdylib"))
        };
        Some(Self {
            name: package.get("name")?.as_str()?.to_owned(),
            folder: manifest.parent()?.to_owned(),
            is_function: targets.iter().any(is_cdylib),
            manifest,
        })
    }
}

/// The functions that a folder stands for: its own package, or all below it.
fn chosen(packages: &[Package], folder: &Path) -> Result<Vec<String>, String> {
    let by_folder: BTreeMap<_, _> = packages
        .iter()
        .map(|package| (package.folder.as_path(), package))
        .collect();
    let name = |package: &Package| match package.is_function {
        true => Ok(vec![package.name.clone()]),
        false => Err(format!(
            "package {} is not a function: add `crate-type = [\"cdylib\"]` to [lib] in {}",
            package.name,
            package.manifest.display()
        )),
    };
    if let Some(package) = by_folder.get(folder) {
        return name(package);
    }
    let below = packages
        .iter()
        .filter(|package| package.folder.starts_with(folder));
    let mut below: Vec<_> = below
        .filter(|package| package.is_function)
        .map(|package| package.name.clone())
        .collect();
    if !below.is_empty() {
        below.sort();
        return Ok(below);
    }
    let above = folder.ancestors().find_map(|above| by_folder.get(above));
    above.map_or_else(
        || {
            Err(format!(
                "no package in {} is a function: a function's [lib] has `crate-type = [\"cdylib\"]`",
                folder.display()
            ))
        },
        |package| name(package),
    )
}

fn metadata(folder: &Path, arguments: &[&str]) -> Result<Value, String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command
        .current_dir(folder)
        .args(["metadata", "--format-version", "1"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let failed = |error| format!("cannot run cargo: {error}; https://rustup.rs installs it");
    let mut group = ChildGroup::start(&mut command).map_err(failed)?;
    let (printed, said) = group.pipes().read(|_| {}).map_err(failed)?;
    let status = group.wait().map_err(failed)?;
    if !status.success() {
        return Err(said);
    }
    serde_json::from_str(&printed).map_err(|error| format!("cargo metadata is not JSON: {error}"))
}
