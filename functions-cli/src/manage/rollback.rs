use clap::Args;
use serde_json::{Value, json};

use super::{Common, EXIT_CODES, deploy};
use crate::client::{Client, ClientError, function_path};
use crate::output;

/// Make an earlier version of a function current, settings included.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Rollback {
    /// The function.
    name: String,

    /// The version. Defaults to the one before the current.
    version: Option<u64>,

    #[command(flatten)]
    common: Common,
}

impl Rollback {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        let version = match self.version {
            Some(version) => version,
            None => self.previous(&client)?,
        };
        let path = format!("{}/rollback", function_path(&self.name));
        let function = client.post(&path, &json!({ "version": version }))?;
        if self.common.is_json() {
            return output::json(&function);
        }
        output::line(&deploy::describe(&function))
    }

    /// The greatest version below the current.
    fn previous(&self, client: &Client) -> Result<u64, ClientError> {
        let path = function_path(&self.name);
        let number = |value: &Value| value.get("version").and_then(Value::as_u64);
        let current = number(&client.get(&path)?).unwrap_or_default();
        // The newest first.
        let earlier = client.get(&format!("{path}/versions?limit=1&before={current}"))?;
        let earlier = earlier.get("versions").and_then(|all| all.get(0));
        let none = || ClientError::NoEarlierVersion(self.name.clone());
        earlier.and_then(number).ok_or_else(none)
    }
}
