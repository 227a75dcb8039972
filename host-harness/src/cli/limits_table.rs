//! Compares docs/limits.md with the code.

use std::collections::BTreeMap;

use clap::CommandFactory as _;

use super::Arguments;

/// Options with a default that bounds nothing, or is not a number.
const OTHERS: [&str; 6] = [
    "grace",
    "listen",
    "log-format",
    "log-level",
    "reuse",
    "stop-after",
];

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
    text.replace("5min", "5m")
}

fn defaults() -> BTreeMap<String, String> {
    let mut command = Arguments::command();
    let serve = command.find_subcommand_mut("serve").unwrap();
    let arguments = serve.get_arguments().filter_map(|argument| {
        let long = argument.get_long()?.to_owned();
        let [default] = argument.get_default_values() else {
            return None;
        };
        Some((long, default.to_str()?.to_owned()))
    });
    arguments.collect()
}

/// Each limit that is an option stands in the table with its default, and nothing else does.
#[test]
fn table_matches_the_options() {
    let defaults = defaults();
    let rows = rows();
    for (option, default) in &defaults {
        if OTHERS.contains(&option.as_str()) {
            continue;
        }
        let row = rows.iter().any(|(in_row, text)| {
            in_row == option && normalized(text) == default.replace(' ', "")
        });
        assert!(row, "docs/limits.md lacks --{option} with the default {default}");
    }
    for (option, _) in &rows {
        let is_option = !option.is_empty() && !option.contains(' ') && !option.contains("::") && option != "option";
        assert!(
            !is_option || option.starts_with("---") || defaults.contains_key(option),
            "docs/limits.md has --{option}, which is no option with a default"
        );
    }
}
