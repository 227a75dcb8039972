//! A profile of cargo's, as far as it decides how large functions are.

use std::env;
use std::fs;
use std::path::Path;

use toml_edit::{DocumentMut, Item, Value};

/// The profile of functions' own, which a workspace may have.
const GUEST: &str = "guest";

/// How many profiles may inherit from each other: cargo refuses cycles.
const MAX_INHERITED: usize = 10;

/// The profiles of a workspace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Profiles {
    tables: Option<Item>,
}

impl Profiles {
    /// Reads those of a workspace's Cargo.toml; none if it cannot be read.
    pub(crate) fn read(root: &Path) -> Self {
        let text = fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
        let manifest: Option<DocumentMut> = text.parse().ok();
        let tables = manifest.and_then(|manifest| manifest.get("profile").cloned());
        Self { tables }
    }

    /// The profile that functions are built with.
    pub(crate) fn for_functions(&self) -> &'static str {
        match self.has(GUEST) {
            true => GUEST,
            false => "release",
        }
    }

    fn has(&self, name: &str) -> bool {
        self.table(name).is_some()
    }

    fn table(&self, name: &str) -> Option<&Item> {
        self.tables.as_ref()?.get(name)
    }

    /// The value of a key in a profile, or in those that it inherits from, as text; `None` if it is cargo's
    /// default. A variable of cargo's comes first.
    pub(crate) fn value(&self, profile: &str, key: &str) -> Option<String> {
        let mut name = profile.to_owned();
        for _ in 0..MAX_INHERITED {
            let variable = format!("CARGO_PROFILE_{name}_{key}");
            let variable = variable.to_ascii_uppercase().replace('-', "_");
            if let Ok(value) = env::var(variable) {
                return Some(value);
            }
            let table = self.table(&name);
            if let Some(value) = table.and_then(|table| table.get(key)) {
                return text(value);
            }
            name = text(table?.get("inherits")?)?;
        }
        None
    }
}

fn text(item: &Item) -> Option<String> {
    match item.as_value()? {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Boolean(switch) => Some(switch.value().to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A profile has what it inherits, and its own values come first.
    #[test]
    fn profiles_inherit() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[profile.release]\nlto = true\nopt-level = 3\n\
                    [profile.guest]\ninherits = \"release\"\nopt-level = \"s\"\n";
        fs::write(folder.path().join("Cargo.toml"), text).unwrap();
        let profiles = Profiles::read(folder.path());
        let value = |profile, key| profiles.value(profile, key);
        assert_eq!(value("guest", "lto").as_deref(), Some("true"));
        assert_eq!(value("guest", "opt-level").as_deref(), Some("s"));
        assert_eq!(value("release", "opt-level").as_deref(), Some("3"));
        assert_eq!(value("guest", "strip"), None);
        assert!(profiles.has("guest") && !profiles.has("small"));
        assert_eq!(Profiles::default().value("release", "lto"), None);
    }
}
