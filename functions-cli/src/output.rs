//! Writes results to standard output: tables for people, JSON for programs.

use std::io::{self, ErrorKind, Write as _};

use anyhow::Context as _;
use comfy_table::{ContentArrangement, Table, presets};
use host_harness::Escaped;
use serde_json::Value;

/// How results are written.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct Form {
    /// Print JSON for programs instead of text. A command that asks a host prints its answer unchanged.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// Writes a line. A reader that has left, such as `head`, is not an error.
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    write(format!("{text}\n").as_bytes()).map(drop)
}

/// Writes bytes at once, and returns whether somebody reads them: a reader that has left is not an error.
pub(crate) fn write(bytes: &[u8]) -> anyhow::Result<bool> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("cannot write to standard output"),
    }
}

pub(crate) fn json(value: &Value) -> anyhow::Result<()> {
    line(&serde_json::to_string_pretty(value)?)
}

/// Writes rows under a heading, aligned and without lines, so that other programs can split them.
pub(crate) fn table<const N: usize>(
    heading: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> anyhow::Result<()> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(heading);
    for row in rows {
        table.add_row(row.map(|cell| Escaped(&cell).to_string()));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    line(&table.trim_fmt())
}

/// A member of an object as text; nothing for what is missing.
pub(crate) fn text(object: &Value, member: &str) -> String {
    match object.get(member) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let items = items.iter().map(|item| match item {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            items.collect::<Vec<_>>().join(",")
        }
        Some(other) => other.to_string(),
    }
}
