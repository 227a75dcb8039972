use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Common, EXIT_CODES};
use crate::client::encoded;
use crate::output;

const INVOCATIONS: &str = "/v1/invocations";

/// List, show, retry and cancel asynchronous invocations.
///
/// Clients make them with the header `Prefer: respond-async`, or by an asynchronous request to Serverledge's API. The
/// calls of Dispatch are among them.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Invocations {
    #[command(subcommand)]
    command: InvocationsCommand,
}

#[derive(Subcommand)]
enum InvocationsCommand {
    List(ListInvocations),
    Show(ShowInvocation),
    Retry(RetryInvocations),
    Cancel(CancelInvocations),
}

/// List invocations, the latest first.
///
/// Example: functions invocations list --state failed
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct ListInvocations {
    /// Only those of this function.
    #[arg(long, value_name = "NAME")]
    function: Option<String>,

    /// Only those in this state: queued, running, waiting (for a retry), suspended (for calls of their own),
    /// succeeded, failed or cancelled.
    #[arg(
        long,
        value_name = "STATE",
        value_parser = ["queued", "running", "waiting", "succeeded", "failed", "cancelled"],
        hide_possible_values = true
    )]
    state: Option<String>,

    #[command(flatten)]
    common: Common,
}

/// Show an invocation with its result.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct ShowInvocation {
    /// The invocation.
    id: String,

    #[command(flatten)]
    common: Common,
}

/// Run invocations again that failed.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct RetryInvocations {
    /// The invocations.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,

    #[command(flatten)]
    common: Common,
}

/// Cancel invocations that have not ended. Those that run are ended.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct CancelInvocations {
    /// The invocations.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,

    #[command(flatten)]
    common: Common,
}

impl Invocations {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            InvocationsCommand::List(command) => command.run(),
            InvocationsCommand::Show(command) => command.run(),
            InvocationsCommand::Retry(command) => command.run(),
            InvocationsCommand::Cancel(command) => command.run(),
        }
    }
}

fn path(id: &str) -> String {
    format!("{INVOCATIONS}/{}", encoded(id))
}

impl ListInvocations {
    fn run(self) -> anyhow::Result<()> {
        let filters = [("function", &self.function), ("state", &self.state)];
        let client = self.common.client()?;
        let invocations = client.all_where(INVOCATIONS, &filters, "invocations", "after")?;
        if self.common.is_json() {
            return output::json(&json!({ "invocations": invocations, "next": null }));
        }
        let row = |invocation: &Value| {
            ["id", "function", "state", "attempts", "accepted", "error"]
                .map(|member| output::text(invocation, member))
        };
        output::table(
            ["ID", "FUNCTION", "STATE", "ATTEMPTS", "ACCEPTED", "ERROR"],
            invocations.iter().map(row),
        )
    }
}

impl ShowInvocation {
    fn run(self) -> anyhow::Result<()> {
        output::json(&self.common.client()?.get(&path(&self.id))?)
    }
}

impl RetryInvocations {
    fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        for id in &self.ids {
            let retried = client.post(&format!("{}/retry", path(id)), &json!({}));
            let invocation = retried.with_context(|| format!("{id} is not retried"))?;
            match self.common.is_json() {
                true => output::json(&invocation)?,
                false => output::line(&format!("{id} queued"))?,
            }
        }
        Ok(())
    }
}

impl CancelInvocations {
    fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        for id in &self.ids {
            let cancelled = client.delete(&path(id));
            cancelled.with_context(|| format!("{id} is not cancelled"))?;
            if !self.common.is_json() {
                output::line(&format!("{id} cancelled"))?;
            }
        }
        Ok(())
    }
}
