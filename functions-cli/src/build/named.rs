//! The component with the names of its functions, which a profile usually strips.

use std::path::Path;
use std::process::Stdio;

use functions_toolchain::GuestBuild;

use crate::child::ChildGroup;
use crate::component::ParsedComponent;

/// Compiles the package once more, into another file: what it depends on is there already, and what cargo
/// has built stays.
pub(super) fn component(spec: &GuestBuild, package: &str) -> Option<ParsedComponent> {
    let folder = tempfile::tempdir().ok()?;
    let file = folder.path().join("named.wasm");
    build(spec, package, &file)?;
    let bytes = std::fs::read(&file).ok()?;
    ParsedComponent::read(&bytes)
        .ok()
        .filter(ParsedComponent::has_names)
}

fn build(spec: &GuestBuild, package: &str, file: &Path) -> Option<()> {
    let mut cargo = spec.rustc_command(package);
    cargo
        .args(["--quiet", "--", "-C", "strip=none"])
        .arg(format!("--emit=link={}", file.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut group = ChildGroup::start(&mut cargo).ok()?;
    group.wait().ok()?.success().then_some(())
}
