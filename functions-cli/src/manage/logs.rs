use std::io::{BufRead as _, BufReader};

use anyhow::Context as _;
use clap::Args;
use host_harness::Escaped;
use serde_json::Value;

use super::{Common, EXIT_CODES};
use crate::client::{encoded, function_path};
use crate::output;

/// Show what a function printed and logged.
///
/// Without --since, it shows the last 1,000 records.
///
/// Example: functions logs greet --since 10m --level warn -f
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Logs {
    /// The function.
    name: String,

    /// Wait for new records, until Ctrl-C.
    #[arg(long, short)]
    follow: bool,

    /// The oldest record: a duration such as 10m, or a time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// The lowest level: error, warn, info, debug or trace.
    #[arg(long, value_name = "LEVEL")]
    level: Option<String>,

    /// The invocation, by its id, or the request, by the id that a trusted proxy gave it.
    #[arg(long, value_name = "ID")]
    invocation: Option<String>,

    #[command(flatten)]
    common: Common,
}

impl Logs {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        let records = BufReader::new(client.stream(&self.path())?);
        for record in records.lines() {
            let record = record.context("the host ended the connection")?;
            let line = match self.common.is_json() {
                true => record,
                false => describe(&record),
            };
            if !output::write(format!("{line}\n").as_bytes())? {
                // Nobody reads on, and following has no end of its own.
                break;
            }
        }
        Ok(())
    }

    fn path(&self) -> String {
        let mut query = vec![format!("follow={}", self.follow)];
        let given = [
            ("since", &self.since),
            ("level", &self.level),
            ("invocation", &self.invocation),
        ];
        for (name, value) in given {
            query.extend(
                value
                    .as_ref()
                    .map(|value| format!("{name}={}", encoded(value))),
            );
        }
        format!("{}/logs?{}", function_path(&self.name), query.join("&"))
    }
}

/// A record in one line; the line itself if it is not a record.
fn describe(line: &str) -> String {
    let Ok(record) = serde_json::from_str::<Value>(line) else {
        return Escaped(line).to_string();
    };
    let text = |member| output::text(&record, member);
    let fields = record.get("fields").and_then(Value::as_object);
    let fields = fields.into_iter().flatten();
    let fields: String = fields
        .map(|(key, value)| format!(" {key}={value}"))
        .collect();
    let line = match text("stream").as_str() {
        "" => format!(
            "{} {} {} {}{fields}",
            text("timestamp"),
            text("level"),
            text("invocation"),
            text("message")
        ),
        stream => format!(
            "{} {stream} {} {}",
            text("timestamp"),
            text("invocation"),
            text("text")
        ),
    };
    Escaped(&line).to_string()
}
