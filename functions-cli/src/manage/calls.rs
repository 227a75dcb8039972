use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Common, EXIT_CODES};
use crate::client::encoded;
use crate::output;

const CALLS: &str = "/v1/dispatch/calls";

/// List, show, cancel and retry the calls of Dispatch.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Calls {
    #[command(subcommand)]
    command: CallsCommand,
}

#[derive(Subcommand)]
enum CallsCommand {
    List(ListCalls),
    Show(ShowCall),
    Cancel(CancelCalls),
    Retry(RetryCalls),
}

/// List calls, the oldest first.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct ListCalls {
    /// Only calls in this state: queued, running, waiting, suspended, succeeded, failed or cancelled.
    #[arg(
        long,
        value_name = "STATE",
        value_parser = ["queued", "running", "waiting", "suspended", "succeeded", "failed", "cancelled"],
        hide_possible_values = true
    )]
    state: Option<String>,

    /// Only the tree that begins with this call.
    #[arg(long, value_name = "ID")]
    root: Option<String>,

    #[command(flatten)]
    common: Common,
}

/// Show a call: its attempts, and the calls that it made.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct ShowCall {
    /// The call.
    id: String,

    #[command(flatten)]
    common: Common,
}

/// Cancel calls, and those below them.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct CancelCalls {
    /// The calls, by id.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,

    #[command(flatten)]
    common: Common,
}

/// Run calls once more, from their start, that failed or were cancelled.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct RetryCalls {
    /// The calls, by id.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,

    #[command(flatten)]
    common: Common,
}

impl Calls {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            CallsCommand::List(list) => list.run(),
            CallsCommand::Show(show) => show.run(),
            CallsCommand::Cancel(cancel) => cancel.run(),
            CallsCommand::Retry(retry) => retry.run(),
        }
    }
}

fn path(id: &str) -> String {
    format!("{CALLS}/{}", encoded(id))
}

impl ListCalls {
    fn run(self) -> anyhow::Result<()> {
        let filters = [("state", &self.state), ("root", &self.root)];
        let calls = self
            .common
            .client()?
            .all_where(CALLS, &filters, "calls", "after")?;
        if self.common.is_json() {
            return output::json(&json!({ "calls": calls, "next": null }));
        }
        let row = |call: &Value| {
            [
                "id",
                "state",
                "attempt_count",
                "created",
                "function",
                "endpoint",
                "error",
            ]
            .map(|member| output::text(call, member))
        };
        output::table(
            [
                "ID", "STATE", "ATTEMPTS", "CREATED", "FUNCTION", "ENDPOINT", "ERROR",
            ],
            calls.iter().map(row),
        )
    }
}

impl ShowCall {
    fn run(self) -> anyhow::Result<()> {
        let call = self.common.client()?.get(&path(&self.id))?;
        if self.common.is_json() {
            return output::json(&call);
        }
        let members = [
            "id", "state", "function", "endpoint", "parent", "root", "created", "expires",
            "finished", "error",
        ];
        let row = |member: &str| [member.to_owned(), output::text(&call, member)];
        output::table(["CALL", ""], members.map(row))?;
        let rows = |name: &str| {
            call.get(name)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default()
        };
        let attempt = |attempt: &Value| {
            ["started", "finished", "status", "error"].map(|member| output::text(attempt, member))
        };
        output::line("")?;
        output::table(
            ["STARTED", "FINISHED", "STATUS", "ERROR"],
            rows("attempts").iter().map(attempt),
        )?;
        let children = rows("children");
        if !children.is_empty() {
            output::line("")?;
            let child = |child: &Value| [child.as_str().unwrap_or_default().to_owned()];
            output::table(["CHILDREN"], children.iter().map(child))?;
        }
        Ok(())
    }
}

impl CancelCalls {
    fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        for id in &self.ids {
            client.delete(&path(id))?;
            if !self.common.is_json() {
                output::line(&format!("{id} cancelled"))?;
            }
        }
        Ok(())
    }
}

impl RetryCalls {
    fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        for id in &self.ids {
            let call = client.post(&format!("{}/retry", path(id)), &json!({}))?;
            match self.common.is_json() {
                true => output::json(&call)?,
                false => output::line(&format!("{id} {}", output::text(&call, "state")))?,
            }
        }
        Ok(())
    }
}
