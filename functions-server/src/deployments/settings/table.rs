//! Compares docs/settings.md with the code.

use std::collections::BTreeSet;

use super::document::Settings;

/// The settings that the table has.
fn in_the_table() -> BTreeSet<String> {
    let text = include_str!("../../../../docs/settings.md");
    let rows = text.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("| `")?.split_once("` |")?;
        Some(name.to_owned())
    });
    rows.collect()
}

/// The settings that are accepted, as the error for another one lists them.
fn in_the_code() -> BTreeSet<String> {
    let error = serde_json::from_str::<Settings>(r#"{"none": 1}"#).unwrap_err();
    let text = error.to_string();
    let (_, expected) = text.split_once("expected one of ").unwrap();
    let names = expected.split('`').skip(1).step_by(2);
    // Kept apart, since they are encrypted.
    names.chain(["secrets"]).map(str::to_owned).collect()
}

#[test]
fn table_has_every_setting() {
    assert_eq!(in_the_table(), in_the_code());
}
