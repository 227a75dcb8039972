use clap::Args;
use serde_json::{Value, json};

use super::{Common, EXIT_CODES};
use crate::client::{Client, ClientError, encoded};
use crate::output;

/// How many functions are asked for at once.
const PAGE: usize = 500;

/// List the functions of a running host.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct List {
    #[command(flatten)]
    common: Common,
}

impl List {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let functions = all(&self.common.client()?)?;
        if self.common.is_json() {
            return output::json(&json!({ "functions": functions }));
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

/// All functions, page by page.
fn all(client: &Client) -> Result<Vec<Value>, ClientError> {
    let mut functions = Vec::new();
    let mut path = format!("/v1/functions?limit={PAGE}");
    loop {
        let mut page = client.get(&path)?;
        if let Some(Value::Array(more)) = page.get_mut("functions").map(Value::take) {
            functions.extend(more);
        }
        match page.get("next").and_then(Value::as_str) {
            Some(next) => path = format!("/v1/functions?limit={PAGE}&after={}", encoded(next)),
            None => return Ok(functions),
        }
    }
}
