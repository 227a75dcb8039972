//! Builds guests with cargo, the same way whoever calls.

mod error;
mod messages;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{TARGET, command, environment};

pub use error::BuildError;

/// Which guests to build, and how.
///
/// # Examples
///
/// ```
/// use functions_toolchain::GuestBuild;
///
/// let spec = GuestBuild::new("my-workspace")
///     .package("hello")
///     .package("goodbye")
///     .quiet(true);
/// # let _ = spec;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct GuestBuild {
    workspace: PathBuf,
    packages: Vec<String>,
    profile: String,
    target_dir: Option<PathBuf>,
    quiet: bool,
}

impl GuestBuild {
    /// The profile that guests are built with unless another is asked for.
    pub const DEFAULT_PROFILE: &'static str = "guest";

    /// Builds in the workspace (or the single package) that has the folder `workspace`.
    pub fn new(workspace: impl Into<PathBuf>) -> Self {
        Self {
            workspace: workspace.into(),
            packages: Vec::new(),
            profile: Self::DEFAULT_PROFILE.to_owned(),
            target_dir: None,
            quiet: false,
        }
    }

    /// Adds a package to build, by its name.
    pub fn package(mut self, name: impl Into<String>) -> Self {
        self.packages.push(name.into());
        self
    }

    /// Adds packages to build, by their names.
    pub fn packages<I>(mut self, names: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.packages.extend(names.into_iter().map(Into::into));
        self
    }

    /// Sets the cargo profile, [`DEFAULT_PROFILE`](Self::DEFAULT_PROFILE) otherwise.
    ///
    /// Within a build script it must not be the profile of the outer cargo.
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = profile.into();
        self
    }

    /// Sets the folder for what is built, the workspace's own otherwise.
    pub fn target_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.target_dir = Some(directory.into());
        self
    }

    /// Keeps what cargo prints out of the terminal, and puts it into the error instead.
    pub fn quiet(mut self, quiet: bool) -> Self {
        self.quiet = quiet;
        self
    }
}

/// A guest that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Artifact {
    /// The name of its package.
    pub package: String,
    /// The component.
    pub wasm: PathBuf,
}

/// Builds guests and returns each one's component, in the order of the packages in `spec`.
///
/// Cargo is `$CARGO` where that is set, `cargo` otherwise. The environment that an outer cargo made
/// for a build script, a test or a program is kept from it, as are `RUSTFLAGS`, which are about the
/// machine; flags for guests go into `CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS` or a configuration file.
///
/// # Errors
///
/// [`BuildError::Cargo`] where cargo can't be started or fails, and others where what it built is
/// not one component for each package.
///
/// # Examples
///
/// ```no_run
/// use functions_toolchain::{GuestBuild, build_guests};
///
/// let built = build_guests(&GuestBuild::new(".").packages(["hello", "goodbye"]))?;
/// assert_eq!(built[0].package, "hello");
/// assert_eq!(built[1].package, "goodbye");
/// # Ok::<(), functions_toolchain::BuildError>(())
/// ```
pub fn build_guests(spec: &GuestBuild) -> Result<Vec<Artifact>, BuildError> {
    // Without any `-p`, cargo would build something else.
    if spec.packages.is_empty() {
        return Ok(Vec::new());
    }
    let folder = environment::folder_of(&spec.profile);
    if spec.target_dir.is_none() && environment::outer_profile().is_some_and(|p| p == folder) {
        return Err(BuildError::SameProfile {
            profile: spec.profile.clone(),
        });
    }
    let mut cargo = cargo(spec);
    let output = cargo
        .spawn()
        .and_then(std::process::Child::wait_with_output);
    let printed = command::finish(&cargo, output).map_err(|source| BuildError::Cargo { source })?;
    messages::artifacts(&printed, &spec.packages)
}

/// The call of cargo that builds `spec`.
fn cargo(spec: &GuestBuild) -> Command {
    let mut cargo = Command::new(environment::program("CARGO", "cargo"));
    environment::clean(&mut cargo);
    cargo
        .current_dir(&spec.workspace)
        .args(["build", "--target", TARGET, "--profile", &spec.profile])
        .arg("--message-format=json-render-diagnostics");
    for package in &spec.packages {
        cargo.args(["-p", package]);
    }
    if let Some(directory) = &spec.target_dir {
        cargo.arg("--target-dir").arg(absolute(directory));
    }
    cargo.stdin(Stdio::null()).stdout(Stdio::piped());
    if spec.quiet {
        cargo.stderr(Stdio::piped());
    }
    cargo
}

/// The caller means its own working directory, cargo runs in the workspace.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
