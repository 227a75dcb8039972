//! Compares docs/limits.md with the options.

use std::collections::BTreeMap;

use clap::CommandFactory as _;

use crate::Arguments;
use host_harness::Limits;

/// Options with a default that is not a limit, or not a number.
const OTHERS: [&str; 5] = ["grace", "listen", "log-format", "log-level", "reuse"];

/// A row of a table.
pub(super) struct Row {
    /// What is limited.
    pub(super) limit: String,
    pub(super) default: String,
    /// As the page has it: an option in backticks, where another setting is, or nothing.
    option: String,
}

impl Row {
    /// The name of the option, if there is one.
    pub(super) fn option(&self) -> Option<&str> {
        self.option.strip_prefix("`--")?.strip_suffix('`')
    }
}

/// The rows of all tables, without their heads.
pub(super) fn rows() -> Vec<Row> {
    let text = include_str!("../../../docs/limits.md");
    let rows = text.lines().filter_map(|line| {
        let line = line.strip_prefix("| ")?.strip_suffix('|')?;
        let cells = line.split('|').map(|cell| cell.trim().to_owned());
        let [limit, default, option, _] = cells.collect::<Vec<_>>().try_into().ok()?;
        let is_head = ["limit", "setting"].contains(&limit.as_str());
        (!is_head).then_some(Row {
            limit,
            default,
            option,
        })
    });
    rows.collect()
}

/// As clap has it: `30 s` is `30s`, `10,000` is `10000`.
fn normalized(default: &str) -> String {
    let text = default.replace([' ', ','], "");
    text.replace("min", "m")
}

fn serve() -> clap::Command {
    let command = Arguments::command();
    command.find_subcommand("serve").unwrap().clone()
}

/// The defaults of all options that have one, also those that another option changes.
fn defaults() -> BTreeMap<String, String> {
    let limits = Limits::default();
    let changed = [
        ("max-idle-instances", limits.idle_instances.to_string()),
        ("max-log-bytes", format!("{}MiB", limits.log_bytes >> 20)),
        ("max-log-records", limits.log_records.to_string()),
        ("max-memories", limits.memories.to_string()),
        // In release builds.
        ("verify-reuse", "1/1000".to_owned()),
    ];
    let serve = serve();
    let arguments = serve.get_arguments().filter_map(|argument| {
        let long = argument.get_long()?.to_owned();
        let [default] = argument.get_default_values() else {
            return None;
        };
        Some((long, default.to_str()?.to_owned()))
    });
    let mut defaults: BTreeMap<_, _> = arguments.collect();
    defaults.extend(changed.map(|(option, default)| (option.to_owned(), default)));
    defaults
}

/// Each limit that is an option is in the table with its default, and every option there exists.
#[test]
fn table_matches_the_options() {
    let rows = rows();
    for (option, default) in &defaults() {
        if OTHERS.contains(&option.as_str()) {
            continue;
        }
        let is_there = rows.iter().any(|row| {
            row.option() == Some(option) && normalized(&row.default) == default.replace(' ', "")
        });
        assert!(
            is_there,
            "docs/limits.md lacks --{option} with the default {default}"
        );
    }
    let serve = serve();
    let known: Vec<_> = serve
        .get_arguments()
        .filter_map(clap::Arg::get_long)
        .collect();
    for option in rows.iter().filter_map(Row::option) {
        assert!(known.contains(&option), "docs/limits.md has --{option}");
    }
}
