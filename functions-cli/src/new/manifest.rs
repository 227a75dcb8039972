//! Completes the Cargo.toml that `cargo new` wrote.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use toml_edit::{DocumentMut, InlineTable, Item, TableLike, Value};

use super::sdk::{Sdk, with_features};
use super::template::{Dependency, Features, NewPackage};
use crate::build::bloat;
use crate::project::Profiles;

/// What makes functions small, in a profile.
pub(super) const PROFILE: &str = r#"opt-level = "s"
lto = true
codegen-units = 1
panic = "abort"
strip = true
"#;

/// Which profile a new crate is built with.
pub(super) enum Profile {
    /// Its own, or one of its workspace that is as good.
    Own,
    /// The workspace's, in this file, which makes large functions.
    Missing { file: PathBuf, name: &'static str },
}

/// Adds what makes the package a function.
pub(super) fn complete(folder: &Path, package: &NewPackage, sdk: &Sdk) -> anyhow::Result<Profile> {
    let file = folder.join("Cargo.toml");
    let mut manifest: DocumentMut = fs::read_to_string(&file)?.parse()?;
    for dependency in package.dependencies {
        let (name, value) = match dependency {
            Dependency::Sdk(name, features) => (name, sdk.dependency(name, features)),
            Dependency::Registry(name, version, features) => (name, published(version, features)),
        };
        dependencies(&mut manifest)?.insert(name, Item::Value(value));
    }
    let mut text = manifest.to_string();
    text.push_str("\n[lib]\ncrate-type = [\"cdylib\"]\n");
    // As long as an inner package is not a member, cargo takes it for its own workspace.
    let outer = folder.parent().filter(|_| package.is_inner);
    let root = workspace_root(outer.unwrap_or(folder))?;
    let profile = match root.filter(|root| *root != canonical(&file)) {
        Some(root) => {
            if package.is_inner {
                add_member(&root, folder)?;
            }
            profile_of(root)
        }
        None => {
            text.push_str("\n# Small functions start fast.\n[profile.release]\n");
            text.push_str(PROFILE);
            if package.has_siblings {
                text.push_str("\n[workspace]\n");
            }
            Profile::Own
        }
    };
    fs::write(&file, text)?;
    Ok(profile)
}

/// The table that `cargo new` has made.
fn dependencies(manifest: &mut DocumentMut) -> anyhow::Result<&mut dyn TableLike> {
    let table = manifest.get_mut("dependencies");
    let table = table.and_then(Item::as_table_like_mut);
    table.context("cargo wrote no table of dependencies")
}

fn canonical(file: &Path) -> PathBuf {
    file.canonicalize().unwrap_or_else(|_| file.to_owned())
}

/// The Cargo.toml of the workspace that a package belongs to; its own, if it is in none.
fn workspace_root(folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    let mut cargo = Command::new("cargo");
    cargo.args(["locate-project", "--workspace", "--message-format", "plain"]);
    let found = cargo.current_dir(folder).output()?;
    let found = String::from_utf8(found.stdout).context("cargo printed no path")?;
    let found = found.trim();
    Ok((!found.is_empty()).then(|| PathBuf::from(found)))
}

/// Makes a package a member of a workspace. cargo does that itself, except for one in another member's folder.
fn add_member(root: &Path, folder: &Path) -> anyhow::Result<()> {
    let mut manifest: DocumentMut = fs::read_to_string(root)?.parse()?;
    let folder = canonical(folder);
    let below = root
        .parent()
        .and_then(|parent| folder.strip_prefix(parent).ok());
    let Some(member) = below.and_then(Path::to_str) else {
        return Ok(());
    };
    let workspace = manifest.get_mut("workspace");
    let members = workspace.and_then(|workspace| workspace.get_mut("members"));
    let Some(members) = members.and_then(Item::as_array_mut) else {
        return Ok(());
    };
    if members.iter().all(|known| known.as_str() != Some(member)) {
        members.push(member);
        fs::write(root, manifest.to_string())?;
    }
    Ok(())
}

/// The profile that functions are built with in the workspace of a Cargo.toml.
fn profile_of(file: PathBuf) -> Profile {
    let profiles = Profiles::read(file.parent().unwrap_or(&file));
    let name = profiles.for_functions();
    match bloat::of_profile(&profiles, name).is_empty() {
        true => Profile::Own,
        false => Profile::Missing { file, name },
    }
}

fn published(version: &str, features: &Features) -> Value {
    let mut table = InlineTable::new();
    table.insert("version", version.into());
    if !features.default {
        table.insert("default-features", false.into());
    }
    match features {
        Features {
            default: true,
            named: [],
        } => version.into(),
        Features { named, .. } => with_features(table, named),
    }
}
