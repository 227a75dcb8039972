//! The functions of a project: how they are built, and what the last build needs.

use host_harness::BuildError;

use super::finding::Finding;
use crate::build::bloat;
use crate::component::try_run;
use crate::project::{self, ComponentSource, Function, Project, Workspace};
use crate::value::version::Version;

/// The crates of the SDK.
const SDK: [&str; 5] = [
    "functions-guest-web",
    "functions-bytes",
    "functions-http",
    "functions-binding",
    "functions-dispatch",
];

/// This host, whose version is that of the SDK that came with it.
const HOST: &str = env!("CARGO_PKG_VERSION");

pub(super) fn check(project: &Project) -> Vec<Finding> {
    let names: Vec<_> = project.names().collect();
    let mut all = vec![Finding::ok("project", names.join(", "))];
    for workspace in &project.workspaces {
        all.extend(sdk(workspace));
        let profile = bloat::of_workspace(workspace).into_iter();
        all.extend(profile.map(|text| Finding::warning("profile", text)));
    }
    for function in &project.functions {
        all.extend(package(project, function));
        all.push(built(project, function));
    }
    all
}

/// The versions of the SDK that a workspace depends on.
fn sdk(workspace: &Workspace) -> Vec<Finding> {
    let versions = workspace.versions.iter();
    let versions = versions.filter(|(name, _)| SDK.contains(&name.as_str()));
    let mut all: Vec<_> = versions
        .map(|(name, version)| of_sdk(name, version))
        .collect();
    if all.is_empty() {
        all.push(Finding::warning(
            "SDK",
            "no package depends on functions-guest-web: `cargo add functions-guest-web`",
        ));
    }
    all
}

fn of_sdk(name: &str, version: &str) -> Finding {
    let Some((sdk, host)) = Version::parse(version).zip(Version::parse(HOST)) else {
        return Finding::ok(name, version);
    };
    if sdk.compatibility() == host.compatibility() {
        return Finding::ok(name, format!("{version}, and this host is {HOST}"));
    }
    let fix = match sdk > host {
        true => "run `cargo install functions-cli`, or depend on an older one",
        false => "run `cargo update`, after a change of the version in Cargo.toml",
    };
    let text = format!("{version} is for another host than this one, which is {HOST}: {fix}");
    match sdk > host {
        true => Finding::error(name, text),
        false => Finding::warning(name, text),
    }
}

/// What the kind of library costs.
fn package(project: &Project, function: &Function) -> Option<Finding> {
    let found = bloat::of_package(project.package_of(function)?)?;
    Some(Finding::warning(&function.name, found))
}

/// Whether the component that is there can run here.
fn built(project: &Project, function: &Function) -> Finding {
    let file = project.component_of(function).filter(|file| file.is_file());
    let Some(file) = file else {
        let text = "not built yet: `functions build` builds it";
        return match &function.component {
            ComponentSource::Package { .. } => Finding::ok(&function.name, text),
            ComponentSource::File(file) => {
                Finding::error(&function.name, format!("{} does not exist", file.display()))
            }
        };
    };
    let settings = match function.for_development() {
        Ok(settings) => settings,
        Err(invalid) => return Finding::error(&function.name, invalid.to_string()),
    };
    let file = project::near(file);
    match try_run(&file, settings) {
        Ok(reuse) => Finding::ok(
            &function.name,
            match &function.component {
                ComponentSource::Package { .. } => format!("its last build can run here; {reuse}"),
                ComponentSource::File(_) => format!("{} can run here; {reuse}", file.display()),
            },
        ),
        // The host that serves it may have other limits.
        Err(BuildError::Setting { invalid, .. }) => {
            let explained = function.written.refused(&function.name, &invalid);
            let text = explained.map_or_else(|| invalid.to_string(), |error| error.to_string());
            Finding::warning(&function.name, text)
        }
        Err(error) => {
            // The error names the file.
            let error = anyhow::Error::from(error);
            let text = match &function.component {
                ComponentSource::Package { .. } => {
                    format!("its last build cannot run here: {error:#}")
                }
                ComponentSource::File(_) => format!("{error:#}"),
            };
            Finding::error(&function.name, text)
        }
    }
}
