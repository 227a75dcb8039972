//! Compares docs/metrics.md with the code.

use std::collections::BTreeSet;

use host_harness::Metrics;

use super::family;
use super::render::render;

/// The metrics that a text without samples has, with their types.
fn in_the_code() -> BTreeSet<(String, String)> {
    let text = render(&Metrics::default(), 0, None);
    let types = text.lines().filter_map(|line| {
        let (name, kind) = line.strip_prefix("# TYPE ")?.split_once(' ')?;
        Some((name.to_owned(), kind.to_owned()))
    });
    types.collect()
}

/// The rows of the tables: metric, type and labels.
fn rows() -> Vec<[String; 3]> {
    let text = include_str!("../../../docs/metrics.md");
    let rows = text.lines().filter_map(|line| {
        let row = line.strip_prefix("| `functions_")?.replace('`', "");
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [name, kind, labels, _, _] = cells.try_into().ok()?;
        Some([format!("functions_{name}"), kind.into(), labels.into()])
    });
    rows.collect()
}

#[test]
fn table_has_every_metric() {
    let in_the_table: BTreeSet<_> = rows()
        .into_iter()
        .map(|[name, kind, _]| (name, kind))
        .collect();
    assert_eq!(in_the_table, in_the_code());
}

#[test]
fn table_has_the_labels() {
    for of in [
        &family::INVOCATIONS,
        &family::CUT_STREAMS,
        &family::TRAPS,
        &family::RUN,
        &family::QUEUE,
        &family::COMMITS,
    ] {
        let row = rows().into_iter().find(|[name, _, _]| name == of.name);
        let [_, _, labels] = row.unwrap();
        assert_eq!(labels, of.labels.join(", "), "{}", of.name);
    }
}
