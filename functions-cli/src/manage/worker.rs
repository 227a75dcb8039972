use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::component::{COMPONENTS, resolve};
use super::worker_name::WorkerName;
use super::{Common, EXIT_CODES};
use crate::client::encoded;
use crate::output;

/// How many workers are asked for at once.
const PAGE: usize = 1000;

/// Call, list, show and delete workers.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Worker {
    #[command(subcommand)]
    command: WorkerCommand,
}

#[derive(Subcommand)]
enum WorkerCommand {
    List(ListWorkers),
    Invoke(InvokeWorker),
    Get(GetWorker),
    Delete(DeleteWorkers),
}

/// List the workers of a component.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct ListWorkers {
    /// The component, by name or id.
    component: String,

    /// Only workers that meet a condition, such as `status = Idle` or `name like order`. Can be repeated.
    #[arg(long = "filter", value_name = "CONDITION")]
    filters: Vec<String>,

    #[command(flatten)]
    common: Common,
}

/// Call a function of a worker, which is created if it does not exist.
///
/// Prints what the function returns, as JSON.
///
/// Example: functions worker invoke counters/w1 'demo:counters/api.{counter("visits").add}' 5
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct InvokeWorker {
    /// The worker: COMPONENT/NAME, where the component is given by name or id. COMPONENT alone takes a new
    /// worker.
    #[arg(value_name = "COMPONENT[/NAME]")]
    worker: String,

    /// The function, such as `ping` or `ns:package/interface.{function}`.
    function: String,

    /// Its parameters, each as JSON.
    #[arg(value_name = "JSON", allow_negative_numbers = true, value_parser = parameter)]
    parameters: Vec<Value>,

    /// Do not wait for what the function returns.
    #[arg(long)]
    detach: bool,

    /// A key that makes the call one with every other that has it: it runs once.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    #[command(flatten)]
    common: Common,
}

/// Show a worker.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct GetWorker {
    /// The worker: COMPONENT/NAME, where the component is given by name or id.
    #[arg(value_name = "COMPONENT/NAME")]
    worker: WorkerName,

    #[command(flatten)]
    common: Common,
}

/// Delete workers with all that they keep.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct DeleteWorkers {
    /// The workers: COMPONENT/NAME, where the component is given by name or id.
    #[arg(required = true, value_name = "COMPONENT/NAME")]
    workers: Vec<WorkerName>,

    #[command(flatten)]
    common: Common,
}

impl Worker {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            WorkerCommand::List(list) => list.run(),
            WorkerCommand::Invoke(invoke) => invoke.run(),
            WorkerCommand::Get(get) => get.run(),
            WorkerCommand::Delete(delete) => delete.run(),
        }
    }
}

/// A parameter of a function.
fn parameter(text: &str) -> Result<Value, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("expected JSON, such as 5 or '\"text\"': {error}"))
}

/// The cause of a worker's last error, which also has a backtrace and what the worker printed.
fn cause(error: &str) -> &str {
    let mut lines = error.lines();
    let first = lines.next().unwrap_or_default();
    let mut after = lines.skip_while(|line| line.trim() != "Caused by:").skip(1);
    after.next().map_or(first, str::trim)
}

impl ListWorkers {
    fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        let id = resolve(&client, &self.component)?;
        let mut first = format!("{COMPONENTS}/{id}/workers?count={PAGE}");
        for filter in &self.filters {
            first.push_str(&format!("&filter={}", encoded(filter)));
        }
        let mut workers = Vec::new();
        let mut next = first.clone();
        loop {
            let mut page = client.get(&next)?;
            if let Some(Value::Array(more)) = page.get_mut("workers").map(Value::take) {
                workers.extend(more);
            }
            let Some(cursor) = page.pointer("/cursor/cursor").and_then(Value::as_u64) else {
                break;
            };
            next = format!("{first}&cursor=0/{cursor}");
        }
        if self.common.is_json() {
            return output::json(&json!({ "workers": workers, "cursor": null }));
        }
        let row = |worker: &Value| {
            let name = worker
                .pointer("/workerId/workerName")
                .and_then(Value::as_str);
            let [status, version, pending, created, error] = [
                "status",
                "componentVersion",
                "pendingInvocationCount",
                "createdAt",
                "lastError",
            ]
            .map(|member| output::text(worker, member));
            let error = cause(&error).to_owned();
            [
                name.unwrap_or_default().to_owned(),
                status,
                version,
                pending,
                created,
                error,
            ]
        };
        output::table(
            ["NAME", "STATUS", "VERSION", "PENDING", "CREATED", "ERROR"],
            workers.iter().map(row),
        )
    }
}

impl InvokeWorker {
    fn run(self) -> anyhow::Result<()> {
        let parameters = self.parameters.iter();
        let parameters: Vec<_> = parameters.map(|value| json!({ "value": value })).collect();
        let client = self.common.client()?;
        let base = match self.worker.parse::<WorkerName>() {
            Ok(worker) => worker.path(&client)?,
            Err(_) => format!("{COMPONENTS}/{}", resolve(&client, &self.worker)?),
        };
        let verb = if self.detach {
            "invoke"
        } else {
            "invoke-and-await"
        };
        let path = format!("{base}/{verb}?function={}", encoded(&self.function));
        let body = json!({ "params": parameters });
        let answer = client.post_with_key(&path, &body, self.key.as_deref())?;
        if self.detach {
            return Ok(());
        }
        let result = answer.get("result").cloned().unwrap_or_default();
        if self.common.is_json() {
            return output::json(&result);
        }
        match result.get("value") {
            Some(Value::Array(values)) if values.len() <= 1 => values
                .iter()
                .try_for_each(|value| output::line(&value.to_string())),
            Some(value) => output::line(&value.to_string()),
            None => Ok(()),
        }
    }
}

impl GetWorker {
    fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        let worker = client.get(&self.worker.path(&client)?)?;
        if self.common.is_json() {
            return output::json(&worker);
        }
        let members = [
            "status",
            "componentVersion",
            "createdAt",
            "args",
            "env",
            "pendingInvocationCount",
            "retryCount",
            "totalLinearMemorySize",
            "ownedResources",
            "updates",
            "lastError",
        ];
        let row = |member: &str| [member.to_owned(), output::text(&worker, member)];
        output::table(["WORKER", &self.worker.to_string()], members.map(row))
    }
}

impl DeleteWorkers {
    fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        for worker in &self.workers {
            client.delete(&worker.path(&client)?)?;
            if !self.common.is_json() {
                output::line(&format!("{worker} deleted"))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cause of a trap is shown, and the first line of what has none.
    #[test]
    fn causes_are_found() {
        let trap = "error while executing at wasm backtrace:\n    0: f\n\nCaused by:\n    wasm trap: unreachable\n\nlog";
        assert_eq!(cause(trap), "wasm trap: unreachable");
        assert_eq!(cause("the CPU limit\nmore"), "the CPU limit");
        assert_eq!(cause(""), "");
    }
}
