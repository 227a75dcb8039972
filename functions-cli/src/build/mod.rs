//! Builds the functions of a project.

mod advice;
pub(crate) mod bloat;
mod cargo;
mod command;
mod named;
mod options;
pub(crate) mod report;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use functions_toolchain::Artifact;
use host_harness::stderr;

pub(crate) use self::cargo::{CargoRun, Failed};
pub(crate) use self::command::Build;
pub(crate) use self::options::ManifestOptions;
use crate::project::{ComponentSource, Function, Project};

/// The components of a project, by workspace.
pub(crate) type Artifacts = Vec<(usize, Vec<Artifact>)>;

/// The functions cannot be built. What cargo said was shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildFailed {
    #[error("{0}")]
    Setup(String),
    #[error("the build failed{}", .advice.as_ref().map(|advice| format!("; {advice}")).unwrap_or_default())]
    Cargo { advice: Option<String> },
}

/// Builds all functions, and shows what cargo says.
pub(crate) fn build(project: &Project) -> Result<Artifacts, BuildFailed> {
    let builds = project.builds();
    if builds.is_empty() {
        return Ok(Vec::new());
    }
    let ready = functions_toolchain::ensure_target(&mut |step| stderr::write_plain(step));
    ready.map_err(|error| BuildFailed::Setup(format!("{:#}", anyhow::Error::from(error))))?;
    let has_colors = std::io::stderr().is_terminal();
    let built = builds.into_iter().map(|(workspace, spec)| {
        let run = CargoRun::start(spec, has_colors, move |line| show(line, has_colors), || {});
        let built = run.map_err(|error| Failed::not_started(&error));
        let built = built.and_then(CargoRun::finish).map_err(|failed| {
            if !failed.is_shown {
                return BuildFailed::Setup(failed.said);
            }
            let advice = failed.advice;
            BuildFailed::Cargo { advice }
        });
        Ok((workspace, built?))
    });
    built.collect()
}

/// A line of cargo's.
fn show(line: &str, has_colors: bool) {
    use std::io::Write as _;

    // Never fails.
    let _ = stderr::Lines { has_colors }.write_all(format!("{line}\n").as_bytes());
}

/// The file of a function's component, once its package is built.
pub(crate) fn component<'a>(function: &'a Function, artifacts: &'a Artifacts) -> Option<&'a Path> {
    match &function.component {
        ComponentSource::File(file) => Some(file),
        ComponentSource::Package { workspace, package } => {
            let mut built = artifacts.iter();
            let (_, built) = built.find(|(of, _)| of == workspace)?;
            let artifact = built.iter().find(|artifact| artifact.package == *package)?;
            Some(&artifact.wasm)
        }
    }
}

/// The components of all functions: built now, or as an earlier build left them.
pub(crate) fn components(
    project: &Project,
    is_built: bool,
) -> anyhow::Result<Vec<(&Function, PathBuf)>> {
    let artifacts = match is_built {
        true => Vec::new(),
        false => build(project)?,
    };
    let components = project.functions.iter().map(|function| {
        let file = match is_built {
            true => project.component_of(function),
            false => component(function, &artifacts).map(Path::to_owned),
        };
        let file = file.with_context(|| format!("{} was not built", function.name))?;
        Ok((function, file))
    });
    components.collect()
}
