use std::path::Path;

use clap::Args;
use host_harness::Harness;
use serde_json::{Value, json};

use super::{Common, EXIT_CODES};
use crate::client::function_path;
use crate::value::argument::InvalidArgument;
use crate::{component, output};

/// Show the version, state and settings of a function of a host, or what is in a component.
///
/// Of a FILE it shows exports and imports, sizes, the version of its contract and what made it, whether it can
/// run here, and whether its instances are reused, and if not, why.
///
/// Example: functions inspect greet
///
/// Example: functions inspect target/wasm32-wasip2/release/greet.wasm
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Inspect {
    /// The function of a host, or the FILE of a component: a path that exists, or that ends in .wasm.
    #[arg(value_name = "NAME|FILE")]
    name: String,

    #[command(flatten)]
    common: Common,
}

impl Inspect {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let file = Path::new(&self.name);
        if file.is_file() || file.extension().is_some_and(|ext| ext == "wasm") {
            return component::inspect(file, self.common.is_json());
        }
        if let Err(invalid) = Harness::check_name(&self.name) {
            let text = format!("{:?} is not a file, and {invalid}", self.name);
            return Err(InvalidArgument::new(text).into());
        }
        let client = self.common.client()?;
        let path = function_path(&self.name);
        let mut function = client.get(&path)?;
        let settings = match client.get(&format!("{path}/settings")) {
            // A function that the host serves from a file has none.
            Err(error) if error.is_not_found() => json!({}),
            settings => settings?,
        };
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
