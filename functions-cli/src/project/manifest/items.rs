//! TOML's items: where they stand, and what they are in JSON.

use serde_json::{Map, Number, Value as Json};
use toml_edit::{Item, TableLike, Value};

/// Where a key stands, in bytes.
pub(super) fn place(table: &dyn TableLike, name: &str, item: &Item) -> usize {
    let key = table.key(name).and_then(toml_edit::Key::span);
    key.or_else(|| item.span()).map_or(0, |span| span.start)
}

/// Where an item stands, in bytes; `otherwise` if that is not known.
pub(super) fn start(item: &Item, otherwise: usize) -> usize {
    item.span().map_or(otherwise, |span| span.start)
}

/// An item as JSON. What JSON lacks, such as dates, becomes text.
pub(super) fn json(item: &Item) -> Json {
    match item {
        Item::None => Json::Null,
        Item::Value(value) => json_value(value),
        Item::Table(table) => json_table(table),
        Item::ArrayOfTables(tables) => tables.iter().map(|table| json_table(table)).collect(),
    }
}

fn json_value(value: &Value) -> Json {
    match value {
        Value::String(text) => text.value().as_str().into(),
        Value::Integer(number) => (*number.value()).into(),
        Value::Float(number) => Number::from_f64(*number.value()).into(),
        Value::Boolean(switch) => (*switch.value()).into(),
        Value::Datetime(time) => time.value().to_string().into(),
        Value::Array(items) => items.iter().map(json_value).collect(),
        Value::InlineTable(table) => json_table(table),
    }
}

fn json_table(table: &dyn TableLike) -> Json {
    let members = table
        .iter()
        .map(|(name, item)| (name.to_owned(), json(item)));
    Json::Object(members.collect::<Map<_, _>>())
}

/// Where the part of an item stands that a path such as `[1]` or `.name` leads to, as far as it leads.
pub(super) fn place_of(item: &Item, path: &str, otherwise: usize) -> usize {
    let here = start(item, otherwise);
    let path = path.trim_start_matches('.');
    if let Some(rest) = path.strip_prefix('[')
        && let Some((index, rest)) = rest.split_once(']')
    {
        let items = item.as_array();
        let inner = index
            .parse()
            .ok()
            .and_then(|index: usize| items?.get(index));
        return inner.map_or(here, |inner| {
            place_of(&Item::Value(inner.clone()), rest, here)
        });
    }
    // Names may have any character.
    match item.as_table_like().and_then(|table| table.get(path)) {
        Some(inner) if !path.is_empty() => start(inner, here),
        _ => here,
    }
}
