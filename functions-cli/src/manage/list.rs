use clap::Args;
use serde_json::{Value, json};

use super::{Common, EXIT_CODES};
use crate::output;

/// List the functions of a running host.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct ListFunctions {
    #[command(flatten)]
    common: Common,
}

impl ListFunctions {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        let functions = client.all("/v1/functions", "functions", "after")?;
        if self.common.is_json() {
            return output::json(&json!({ "functions": functions, "next": null }));
        }
        let row = |function: &Value| {
            let text = |member| output::text(function, member);
            [
                text("name"),
                text("version"),
                text("state"),
                text("created"),
                text("url"),
            ]
        };
        output::table(
            ["NAME", "VERSION", "STATE", "CREATED", "URL"],
            functions.iter().map(row),
        )
    }
}
