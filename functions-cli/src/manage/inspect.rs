use clap::Args;
use serde_json::{Value, json};

use super::{Common, EXIT_CODES};
use crate::client::function_path;
use crate::output;

/// Show a function: its version, state and settings.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Inspect {
    /// The function.
    name: String,

    #[command(flatten)]
    common: Common,
}

impl Inspect {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        let path = function_path(&self.name);
        let mut function = client.get(&path)?;
        let settings = client.get(&format!("{path}/settings"))?;
        if self.common.is_json() {
            if let Value::Object(function) = &mut function {
                function.insert("settings".into(), settings);
            }
            return output::json(&function);
        }
        let empty = json!({});
        let members = function.as_object().into_iter().flatten();
        let members = members.filter(|(_, value)| !value.is_null() && !value.is_object());
        let settings = settings
            .as_object()
            .or(empty.as_object())
            .into_iter()
            .flatten();
        let rows = members
            .map(|(key, _)| [key.clone(), output::text(&function, key)])
            .chain(settings.map(|(key, value)| [format!("settings.{key}"), plain(value)]));
        output::table(["KEY", "VALUE"], rows)
    }
}

/// A value as the command line would take it.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
