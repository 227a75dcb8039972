//! Builds guests with cargo, in the same way for every caller.

mod error;
mod messages;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{TARGET, command, environment};

pub use error::BuildError;

/// A specification of guests to build.
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
    /// The default cargo profile.
    pub const DEFAULT_PROFILE: &'static str = "guest";

    /// Creates a specification for the workspace or package in the folder `workspace`.
    pub fn new(workspace: impl Into<PathBuf>) -> Self {
        Self {
            workspace: workspace.into(),
            packages: Vec::new(),
            profile: Self::DEFAULT_PROFILE.to_owned(),
            target_dir: None,
            quiet: false,
        }
    }

    /// Adds a package by its name.
    pub fn package(mut self, name: impl Into<String>) -> Self {
        self.packages.push(name.into());
        self
    }

    /// Adds packages by their names.
    pub fn packages<I>(mut self, names: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.packages.extend(names.into_iter().map(Into::into));
        self
    }

    /// Sets the cargo profile, by default [`DEFAULT_PROFILE`](Self::DEFAULT_PROFILE).
    ///
    /// In a build script it has to differ from the profile of the outer cargo.
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = profile.into();
        self
    }

    /// Sets the target folder, by default that of the workspace.
    pub fn target_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.target_dir = Some(directory.into());
        self
    }

    /// Puts cargo's output into the error, instead of printing it.
    pub fn quiet(mut self, quiet: bool) -> Self {
        self.quiet = quiet;
        self
    }

    /// The cargo command, for those who run it themselves: to stop it, say. Its standard output goes to
    /// [`artifacts`](Self::artifacts).
    #[must_use]
    pub fn command(&self) -> Command {
        cargo(self, "build")
    }

    /// The cargo command that compiles the library of one of the packages, to which flags for the compiler are
    /// added after `--`. Its dependencies are those of [`command`](Self::command).
    #[must_use]
    pub fn rustc_command(&self, package: &str) -> Command {
        let one = Self {
            packages: vec![package.to_owned()],
            ..self.clone()
        };
        let mut command = cargo(&one, "rustc");
        command.arg("--lib");
        command
    }

    /// The components that cargo built, in the order of the packages, from what it printed.
    ///
    /// # Errors
    ///
    /// A package does not have exactly one component.
    pub fn artifacts(&self, printed: &str) -> Result<Vec<Artifact>, BuildError> {
        messages::artifacts(printed, &self.packages)
    }
}

/// A built guest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Artifact {
    /// The name of the package.
    pub package: String,
    /// The path of the component.
    pub wasm: PathBuf,
}

/// Builds guests, and returns their components in the order of the packages in `spec`.
///
/// The cargo command is `$CARGO`, by default `cargo`. It does not inherit the variables that an outer
/// cargo sets for a build script, a test or a program. Nor does it inherit `RUSTFLAGS`, which are for
/// the machine. Set flags for guests in `CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS` or a configuration file.
///
/// # Errors
///
/// - [`BuildError::Cargo`]: cargo cannot be started, or fails.
/// - Other errors: a package does not have exactly one component.
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
    // Without `-p`, cargo would build other packages.
    if spec.packages.is_empty() {
        return Ok(Vec::new());
    }
    let folder = environment::folder_of(&spec.profile);
    if spec.target_dir.is_none() && environment::outer_profile().is_some_and(|p| p == folder) {
        return Err(BuildError::SameProfile {
            profile: spec.profile.clone(),
        });
    }
    let mut cargo = cargo(spec, "build");
    let output = cargo
        .spawn()
        .and_then(std::process::Child::wait_with_output);
    let printed = command::finish(&cargo, output).map_err(|source| BuildError::Cargo { source })?;
    messages::artifacts(&printed, &spec.packages)
}

/// The cargo command that builds `spec`.
fn cargo(spec: &GuestBuild, subcommand: &str) -> Command {
    let mut cargo = Command::new(environment::program("CARGO", "cargo"));
    environment::clean(&mut cargo);
    cargo
        .current_dir(&spec.workspace)
        .args([subcommand, "--target", TARGET, "--profile", &spec.profile])
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

/// Resolves a path in the caller's working directory, because cargo runs in the workspace.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
