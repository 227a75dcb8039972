use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value};

use super::inspect::plain;
use super::patch::{Patch, Secret, Setting, Variable};
use super::{Common, EXIT_CODES};
use crate::client::function_path;
use crate::output;
use crate::value::argument::InvalidArgument;
use crate::value::named::InvalidFile;

/// Show or change the settings of a function.
///
/// Without changes, it shows them. What is not named stays as it is. A change makes a new version.
///
/// Example: functions settings greet timeout=5s ingress=token
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Settings {
    /// The function.
    name: String,

    /// The settings to change.
    #[arg(value_name = "KEY=VALUE")]
    settings: Vec<Setting>,

    /// A setting to remove, so that the host's default applies. Can be repeated.
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,

    /// A variable of the function. Can be repeated.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    variables: Vec<Variable>,

    /// A variable that the host keeps encrypted and never shows: NAME=VALUE, or NAME to take the value
    /// of this process's own variable. Can be repeated.
    #[arg(long = "secret", value_name = "NAME[=VALUE]")]
    secrets: Vec<Secret>,

    /// Replace all settings with those of a JSON file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["settings", "unset", "variables", "secrets"])]
    replace: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

impl Settings {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        let path = format!("{}/settings", function_path(&self.name));
        if let Some(file) = &self.replace {
            let changed = client.put(&path, &read(file)?)?;
            return self.print(&changed);
        }
        for key in &self.unset {
            if self.settings.iter().any(|setting| setting.is(key)) {
                let why =
                    format!("{key} is both set and unset: give one of {key}=… and --unset {key}");
                return Err(InvalidArgument::new(why).into());
            }
        }
        let mut patch = Patch(Map::new());
        patch.set(&self.settings);
        patch.unset(&self.unset);
        patch.variables(&self.variables);
        patch.secrets(&self.secrets);
        match patch.value() {
            Some(patch) => self.print(&client.patch(&path, &patch)?),
            None => self.print(&client.get(&path)?),
        }
    }

    fn print(&self, settings: &Value) -> anyhow::Result<()> {
        if self.common.is_json() {
            return output::json(settings);
        }
        let members = settings.as_object().into_iter().flatten();
        let rows = members.map(|(key, value)| [key.clone(), plain(value)]);
        output::table(["SETTING", "VALUE"], rows)
    }
}

fn read(file: &Path) -> anyhow::Result<Value> {
    let text = InvalidFile::read(file, "")?;
    Ok(serde_json::from_slice(&text).map_err(|error| InvalidFile::not_json(file, error))?)
}
