//! Changes settings: replaces all, or merges as RFC 7396 says.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::document::SECRETS;
use super::{Secrets, Settings};

/// Stands for the value of a secret in what the API shows.
pub(crate) const HIDDEN: &str = "***";

/// Settings with their secrets: what a version has besides its component.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Configured {
    pub(crate) settings: Settings,
    pub(crate) secrets: Secrets,
}

/// A change of settings.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// None: the current settings.
    Inherit,
    /// All settings are replaced.
    Replace(Map<String, Value>),
    /// A merge patch, RFC 7396: null removes a setting.
    Merge(Map<String, Value>),
}

/// Settings are invalid. The text names the setting.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("invalid setting {name}: {reason}")]
pub struct InvalidSettings {
    pub(crate) name: String,
    pub(crate) reason: String,
}

impl InvalidSettings {
    /// The setting, or the part of it that is invalid: `timeout`, `allowed_hosts[1]`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Why it is invalid, and what is expected.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl Configured {
    /// The settings after a change.
    pub(crate) fn changed(&self, change: Change) -> Result<Self, InvalidSettings> {
        let (base, patch) = match change {
            Change::Inherit => return Ok(self.clone()),
            Change::Replace(all) => (Map::new(), all),
            Change::Merge(patch) => (self.document(Clone::clone)?, patch),
        };
        refuse_hidden(&patch)?;
        refuse_unknown_nulls(&patch)?;
        let mut merged = base;
        merge(&mut merged, patch);
        Self::parse(merged)
    }

    /// The document that the API shows, without the values of secrets.
    pub(crate) fn shown(&self) -> Map<String, Value> {
        self.document(|_| HIDDEN.to_owned()).unwrap_or_default()
    }

    fn document(
        &self,
        value: impl Fn(&String) -> String,
    ) -> Result<Map<String, Value>, InvalidSettings> {
        let unreadable = |error: serde_json::Error| invalid("settings", error.to_string());
        let settings = serde_json::to_value(&self.settings).map_err(unreadable)?;
        let mut document = match settings {
            Value::Object(document) => document,
            _ => Map::new(),
        };
        if !self.secrets.0.is_empty() {
            let secrets: BTreeMap<_, _> = self
                .secrets
                .0
                .iter()
                .map(|(name, secret)| (name, value(secret)))
                .collect();
            document.insert(
                SECRETS.to_owned(),
                serde_json::to_value(secrets).map_err(unreadable)?,
            );
        }
        Ok(document)
    }

    fn parse(mut document: Map<String, Value>) -> Result<Self, InvalidSettings> {
        let secrets: BTreeMap<String, String> = match document.remove(SECRETS) {
            None | Some(Value::Null) => BTreeMap::new(),
            // The error must not have the value.
            Some(given) => serde_json::from_value(given)
                .map_err(|_| invalid(SECRETS, "expected an object with a text for each name"))?,
        };
        let settings: Settings =
            deserialize(Value::Object(document)).map_err(with_secrets_among_known)?;
        if settings.cpus.is_some_and(|cpus| cpus < 0.0) {
            return Err(invalid("cpus", "expected a number from 0 on, such as 0.5"));
        }
        for name in secrets.keys() {
            if settings.variables.contains_key(name) {
                let reason = format!("{name:?} is also a variable: expected it in one of both");
                return Err(invalid(SECRETS, reason));
            }
        }
        for (setting, names) in [
            ("variables", settings.variables.iter()),
            (SECRETS, secrets.iter()),
        ] {
            for (name, value) in names {
                let is_valid =
                    !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0');
                if !is_valid {
                    let reason = format!("{name:?}: expected a name without '=', and no NUL");
                    return Err(invalid(setting, reason));
                }
            }
        }
        Ok(Self {
            settings,
            secrets: Secrets(secrets),
        })
    }
}

impl Settings {
    /// Parses stored settings.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidSettings> {
        let value =
            serde_json::from_str(text).map_err(|error| invalid("settings", error.to_string()))?;
        deserialize(value)
    }
}

fn deserialize<T: DeserializeOwned>(value: Value) -> Result<T, InvalidSettings> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        invalid(&path, error.into_inner().to_string())
    })
}

/// Names `secrets` too where the known settings are listed.
fn with_secrets_among_known(mut error: InvalidSettings) -> InvalidSettings {
    if error.reason.starts_with("unknown field") {
        error.reason.push_str(", `secrets`");
    }
    error
}

fn invalid(name: &str, reason: impl Into<String>) -> InvalidSettings {
    InvalidSettings {
        name: name.to_owned(),
        reason: reason.into(),
    }
}

/// A client that reads settings and writes them back would replace its secrets with asterisks.
fn refuse_hidden(patch: &Map<String, Value>) -> Result<(), InvalidSettings> {
    let Some(Value::Object(secrets)) = patch.get(SECRETS) else {
        return Ok(());
    };
    match secrets.iter().find(|(_, value)| *value == HIDDEN) {
        None => Ok(()),
        Some((name, _)) => Err(invalid(
            SECRETS,
            format!(
                "{HIDDEN:?} stands for the value of {name:?}, which is never shown: give the value, or \
                 leave it out of a PATCH to keep it"
            ),
        )),
    }
}

/// A merge removes what is null, also a setting that was never there because its name is misspelled.
fn refuse_unknown_nulls(patch: &Map<String, Value>) -> Result<(), InvalidSettings> {
    let nulls = patch.iter().filter(|(_, value)| value.is_null());
    let mut nulls: Map<_, _> = nulls
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    nulls.remove(SECRETS);
    let known: Result<Settings, _> = deserialize(Value::Object(nulls));
    known.map(drop).map_err(with_secrets_among_known)
}

/// RFC 7396.
fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(&name);
            }
            Value::Object(patch) => {
                let entry = target.entry(name).or_insert(Value::Null);
                if !entry.is_object() {
                    *entry = Value::Object(Map::new());
                }
                if let Value::Object(target) = entry {
                    merge(target, patch);
                }
            }
            value => {
                target.insert(name, value);
            }
        }
    }
}
