//! Compares docs/limits.md with the code.

use std::collections::BTreeMap;

use clap::CommandFactory as _;

use crate::Arguments;
use host_harness::Limits;

/// Options with a default that is not a limit, or not a number.
const OTHERS: [&str; 5] = ["grace", "listen", "log-format", "log-level", "reuse"];

/// The rows of all tables: the option, if there is one, and the default.
fn rows() -> Vec<(String, String)> {
    let text = include_str!("../../../docs/limits.md");
    let rows = text.lines().filter_map(|line| {
        let line = line.strip_prefix("| ")?.strip_suffix(" |")?;
        let [_, default, option, _] = line.split(" | ").collect::<Vec<_>>().try_into().ok()?;
        let option = option.trim_matches(['`', ' ']);
        Some((option.trim_start_matches("--").into(), default.into()))
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
        let is_there = rows
            .iter()
            .any(|(in_row, text)| in_row == option && normalized(text) == default.replace(' ', ""));
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
    let options = rows.iter().map(|(option, _)| option.as_str());
    for option in options.filter(|option| option.contains('-') && !option.starts_with("---")) {
        assert!(known.contains(&option), "docs/limits.md has --{option}");
    }
}
