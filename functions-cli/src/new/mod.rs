//! `functions new`.

mod manifest;
mod sdk;
mod template;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use clap::Args;
use host_harness::Harness;

use self::manifest::Profile;
use self::sdk::Sdk;
use self::template::Template;
use crate::output;
use crate::project::MANIFEST;
use crate::value::argument::InvalidArgument;

/// How this command ends, as `--help` lists it.
const EXIT_CODES: &str = "\
Exit codes:
  0  the crate is there
  1  the crate cannot be made: the last line says why
  2  invalid arguments";

/// Create a crate that is a function.
///
/// It builds, passes its own tests and runs at once: `functions dev` in its folder. Inside a workspace it
/// becomes a member.
///
/// Example: functions new hello --template router
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct New {
    /// The name of the crate and of the function, which answers at /NAME; or a folder, whose last part is
    /// the name.
    #[arg(required_unless_present = "list", value_name = "NAME")]
    path: Option<PathBuf>,

    /// What to start from; --list shows the templates.
    #[arg(long, short, value_name = "TEMPLATE", default_value = "http")]
    template: Template,

    /// Show the templates.
    #[arg(long)]
    list: bool,

    /// The folder of this project's sources, for crates of the SDK that are not published. By default that
    /// is where this command was built from, if it is still there.
    #[arg(long, value_name = "DIR", env = "FUNCTIONS_SDK_PATH")]
    sdk_path: Option<PathBuf>,
}

impl New {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if self.list {
            return template::list();
        }
        // Without a last `/` or `/.`, which cargo does not take.
        let path: PathBuf = self.path.unwrap_or_default().components().collect();
        let name = path.file_name().and_then(|name| name.to_str());
        let no_name = || {
            let path = path.display();
            InvalidArgument::new(format!(
                "{path} has no name for the crate: functions new NAME"
            ))
        };
        let name = name.ok_or_else(no_name)?;
        Harness::check_name(name).map_err(InvalidArgument::new)?;
        let sdk = Sdk::find(self.sdk_path)?;
        let mut profile = Profile::Own;
        // The first one is the root of the others' workspace, unless all are in another.
        for package in self.template.packages(name) {
            let folder = match package.folder {
                "" => path.clone(),
                inner => path.join(inner),
            };
            cargo_new(&folder, &package.name)?;
            profile = manifest::complete(&folder, &package, &sdk)
                .with_context(|| format!("{} is incomplete", folder.display()))?;
            write(&folder.join("src/lib.rs"), &package.source)?;
        }
        if let Some(text) = self.template.manifest(name) {
            write(&path.join(MANIFEST), &text)?;
        }
        output::line(&report(&path, name, self.template, &profile))
    }
}

/// Lets cargo make the package, which knows about names, editions, workspaces and version control.
fn cargo_new(folder: &Path, name: &str) -> anyhow::Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(["new", "--quiet", "--lib", "--name", name]);
    let made = cargo.arg("--").arg(folder).output();
    let made = made.context("cannot start cargo; install Rust from https://rustup.rs")?;
    if made.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&made.stderr);
    let reason = said.lines().find_map(|line| line.strip_prefix("error: "));
    let cause = said.lines().rfind(|line| !line.trim().is_empty());
    let cause = cause.filter(|line| said.contains("Caused by:") && line.starts_with("  "));
    let reason = match (reason, cause) {
        (None, _) if said.trim().is_empty() => format!("`cargo new` ended with {}", made.status),
        (None, _) => said.trim().to_owned(),
        (Some(reason), None) => reason.to_owned(),
        (Some(reason), Some(cause)) => format!("{reason}: {}", cause.trim()),
    };
    let text = format!("cannot create {}: {reason}", folder.display());
    if reason.contains("package name") {
        return Err(InvalidArgument::new(text).into());
    }
    anyhow::bail!(text)
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    match path.chars().all(is_plain) {
        true => path.to_owned(),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

/// What was made, and what to do next.
fn report(path: &Path, name: &str, template: Template, profile: &Profile) -> String {
    let mut text = format!(
        "created {name} from the template {template}\n\n  cd {}\n  cargo test\n  functions dev\n\n`functions dev` builds it, serves it, and does both again on a change.\n",
        quoted(&path.to_string_lossy())
    );
    if let Profile::Missing { file, name } = profile {
        text.push_str(&format!(
            "\nThe profile of the workspace makes large functions. Add to {}:\n\n[profile.{name}]\n{}",
            file.display(),
            manifest::PROFILE
        ));
    }
    text
}
