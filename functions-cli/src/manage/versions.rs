use clap::Args;
use serde_json::{Value, json};

use super::{Common, EXIT_CODES};
use crate::client::function_path;
use crate::output;

/// List the versions of a function.
///
/// A version is a component with its settings. `functions rollback` makes an earlier one current.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Versions {
    /// The function.
    name: String,

    #[command(flatten)]
    common: Common,
}

impl Versions {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let path = format!("{}/versions", function_path(&self.name));
        let versions = self.common.client()?.all(&path, "versions", "before")?;
        if self.common.is_json() {
            return output::json(&json!({ "versions": versions, "next": null }));
        }
        let row = |version: &Value| {
            let text = |member| output::text(version, member);
            let is_current = version.get("current") == Some(&Value::Bool(true));
            let current = if is_current { "current" } else { "" };
            [
                text("version"),
                current.to_owned(),
                text("created"),
                text("digest"),
            ]
        };
        output::table(
            ["VERSION", "", "CREATED", "DIGEST"],
            versions.iter().map(row),
        )
    }
}
