//! Formats the results for a terminal and for `bench/RESULTS.md`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::machine::Machine;
use super::row::Row;
use super::scenario::Context;
use super::{cores, load};

const TITLES: [&str; 7] = ["", "of", "figure", "against", "ratio", "target", ""];

/// The rows as aligned text.
pub(super) fn plain(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let [scenario, of, figure, against, ratio, target, met] = row.cells();
        let met = met.replace('*', "");
        let _ = write!(text, "{scenario:<8} {of}: {figure}");
        if !against.is_empty() {
            let _ = write!(text, "  [{against}]  {ratio}");
        }
        if !target.is_empty() {
            let _ = write!(text, "  {target}: {met}");
        }
        text.push('\n');
    }
    text
}

pub(super) fn summary(missed: usize) -> String {
    match missed {
        0 => "every target is met".into(),
        1 => "1 target is missed".into(),
        missed => format!("{missed} targets are missed"),
    }
}

/// Writes `bench/RESULTS.md`.
pub(super) fn write(
    root: &Path,
    machine: &Machine,
    context: &Context,
    rows: &[Row],
) -> anyhow::Result<PathBuf> {
    let path = root.join("bench/RESULTS.md");
    fs::write(&path, markdown(machine, context, rows))?;
    Ok(path)
}

fn markdown(machine: &Machine, context: &Context, rows: &[Row]) -> String {
    let mut text = String::from(
        "# Results\n\nWritten by `cargo xtask bench`; see `bench/README.md` for what is compared.\n\n",
    );
    for (name, fact) in &machine.facts {
        let _ = writeln!(text, "- {name}: {fact}");
    }
    let _ = writeln!(text, "- placed: {}", cores::STATED);
    let _ = writeln!(
        text,
        "- load: `wrk --threads 1 --connections {}`, {} rounds of {} s for each contender, taking \
         turns{}\n",
        load::CONNECTIONS,
        context.rounds,
        context.round.as_secs(),
        if context.quick { " (`--quick`)" } else { "" },
    );
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    text.push_str(&line(&TITLES.map(str::to_owned)));
    text.push_str(&line(&TITLES.map(|_| "---".to_owned())));
    for row in rows {
        text.push_str(&line(&row.cells()));
    }
    let missed = rows.iter().filter(|row| row.met() == Some(false)).count();
    let _ = writeln!(text, "\n{}", super::report::summary(missed));
    text
}
