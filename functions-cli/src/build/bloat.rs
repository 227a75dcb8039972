//! What makes a component larger than it has to be, and how to change that.

use crate::component::ParsedComponent;
use crate::project::{self, Package, Profiles, Workspace};
use crate::value::size;

/// From how many bytes on the places of panics are worth a word, and from which share of the component.
const MANY_PATHS: usize = 1 << 10;
const SHARE: usize = 20;

/// From how many bytes on names and debug information are worth a word.
const MANY_NAMES: usize = 1 << 10;

/// What the kind of library costs.
pub(crate) fn of_package(package: &Package) -> Option<String> {
    let mut kinds = package.crate_types.iter();
    let other = kinds.find(|kind| matches!(kind.as_str(), "rlib" | "lib" | "dylib"))?;
    Some(format!(
        "{} is built as `{other}` beside `cdylib`, which rules out link-time optimisation: keep only `crate-type = [\"cdylib\"]` in {}",
        package.name,
        package.manifest.display()
    ))
}

/// What the profile of a workspace costs all its functions.
pub(crate) fn of_workspace(workspace: &Workspace) -> Vec<String> {
    let found = of_profile(&workspace.profiles, workspace.profile);
    let manifest = project::near(workspace.root.join("Cargo.toml"));
    let named = found
        .into_iter()
        .map(|text| format!("{}: {text}", manifest.display()));
    named.collect()
}

/// What a profile costs.
pub(crate) fn of_profile(profiles: &Profiles, name: &str) -> Vec<String> {
    let value = |key| profiles.value(name, key);
    let mut found = Vec::new();
    if !matches!(value("lto").as_deref(), Some("true" | "fat" | "thin")) {
        found.push(format!(
            "[profile.{name}] has no link-time optimisation: set `lto = true`"
        ));
    }
    let level = value("opt-level").unwrap_or_else(|| "3".into());
    if !matches!(level.as_str(), "s" | "z") {
        found.push(format!(
            "[profile.{name}] has opt-level {level}: `opt-level = \"s\"` makes functions smaller, which start faster"
        ));
    }
    let units = value("codegen-units").unwrap_or_else(|| "16".into());
    if units != "1" {
        found.push(format!(
            "[profile.{name}] has {units} codegen-units: set `codegen-units = 1`"
        ));
    }
    found
}

/// What the component has that it could do without.
pub(crate) fn of_component(component: &ParsedComponent) -> Vec<String> {
    let mut found = Vec::new();
    let (paths, bytes) = component.source_paths;
    if bytes >= MANY_PATHS && bytes * SHARE >= component.size {
        found.push(format!(
            "panics at {paths} places name their source files, which takes {}: return errors instead of `unwrap`, `expect` and indexing",
            size::exact(bytes)
        ));
    }
    let names = ["names", "debug info"];
    let names = names.iter().filter_map(|kind| component.sections.get(kind));
    let names: usize = names.sum();
    if names >= MANY_NAMES {
        found.push(format!(
            "names and debug information take {}: `strip = true` in the profile removes them, and the names in backtraces",
            size::exact(names)
        ));
    }
    found
}
