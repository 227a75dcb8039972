//! The table of a function.

use functions_server::SettingsDocument;
use host_harness::Harness;
use serde_json::{Map, Value};
use toml_edit::{Item, TableLike};

use super::error::{InvalidManifest, Source, nearest};
use super::{Declared, Origin, Written, items, table};

/// The keys besides settings.
const OWN: [&str; 2] = ["path", "package"];

/// The names of all settings.
pub(super) fn settings() -> Vec<String> {
    let schema = SettingsDocument::schema();
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect()
}

/// The functions of the table of all.
pub(super) fn all(
    source: &Source,
    at: usize,
    item: &Item,
) -> Result<Vec<Declared>, InvalidManifest> {
    let settings = settings();
    let all = table(source, at, "functions", item)?;
    let functions = all.iter().map(|(name, item)| {
        let at = items::place(all, name, item);
        Harness::check_name(name).map_err(|reason| source.error(at, reason))?;
        let shown = format!("functions.{name}");
        let own = table(source, items::start(item, at), &shown, item)?;
        declared(source, at, name, own, &settings)
    });
    functions.collect()
}

fn declared(
    source: &Source,
    at: usize,
    name: &str,
    table: &dyn TableLike,
    settings: &[String],
) -> Result<Declared, InvalidManifest> {
    let mut origin = None;
    let mut origin_at = at;
    let mut document = Map::new();
    let mut written = Written::default();
    for (key, item) in table.iter() {
        let key_at = items::place(table, key, item);
        if OWN.contains(&key) {
            let text = text(source, key, item, key_at)?;
            origin_at = items::start(item, key_at);
            let given = match key {
                "path" => Origin::Path(text.into()),
                _ => Origin::Package(text),
            };
            if origin.replace(given).is_some() {
                let reason =
                    format!("function {name} has a path and a package; expected one of both");
                return Err(source.error(key_at, reason));
            }
        } else if settings.iter().any(|known| known == key) {
            let value = items::json(item);
            written.add(key, source.place(items::start(item, key_at)), &value);
            document.insert(key.to_owned(), value);
        } else {
            let known = settings.iter().map(String::as_str).chain(OWN);
            let reason = format!("unknown key `{key}`; {}", nearest(key, known));
            return Err(source.error(key_at, reason));
        }
    }
    let parsed = SettingsDocument::parse(document.clone());
    let settings = parsed.map_err(|invalid| {
        let at = place_of(table, invalid.name(), at);
        let (name, reason) = (invalid.name(), invalid.reason());
        source.error(at, format!("invalid {name}: {reason}"))
    })?;
    Ok(Declared {
        name: name.to_owned(),
        origin: origin.unwrap_or_else(|| Origin::Package(name.to_owned())),
        settings,
        document,
        written,
        origin_at,
    })
}

/// Where the part of a setting stands that `path` leads to.
fn place_of(table: &dyn TableLike, path: &str, otherwise: usize) -> usize {
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (name, rest) = path.split_at(end);
    match table.get(name) {
        Some(item) => items::place_of(item, rest, otherwise),
        None => otherwise,
    }
}

fn text(source: &Source, key: &str, item: &Item, at: usize) -> Result<String, InvalidManifest> {
    match item.as_str() {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        Some(_) => Err(source.error(items::start(item, at), format!("{key} is empty"))),
        None => {
            let kind = item.type_name();
            let reason = format!("invalid {key}: {kind}; expected a text");
            Err(source.error(items::start(item, at), reason))
        }
    }
}
