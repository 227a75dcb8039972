//! Settings on the command line, as a merge patch (RFC 7396).

use std::env;
use std::str::FromStr;

use serde_json::{Map, Value};

/// Settings that are lists: `allowed_hosts=a,b`.
const LISTS: [&str; 2] = ["allowed_hosts", "callers"];

/// Settings that are texts, also if they look like numbers: `max_body=1000`.
const SIZES: [&str; 2] = ["memory", "max_body"];

/// Settings whose members are texts, also `variables.PORT=8080`.
const TEXTS: [&str; 2] = ["variables.", "secrets."];

/// `KEY=VALUE`, or `KEY.MEMBER=VALUE`.
#[derive(Clone)]
pub(super) struct Setting {
    path: Vec<String>,
    value: Value,
}

impl FromStr for Setting {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, value) = text
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or("expected KEY=VALUE, such as timeout=5s")?;
        let value = if LISTS.contains(&key) {
            list(value)
        } else if SIZES.contains(&key) || TEXTS.iter().any(|texts| key.starts_with(texts)) {
            value.into()
        } else {
            // A value that is not JSON is a text: `5s`, `token`.
            serde_json::from_str(value).unwrap_or_else(|_| value.into())
        };
        Ok(Self {
            path: key.splitn(2, '.').map(str::to_owned).collect(),
            value,
        })
    }
}

impl Setting {
    /// Whether this is the setting with a key, such as `timeout` or `variables.PORT`.
    pub(super) fn is(&self, key: &str) -> bool {
        key.splitn(2, '.').eq(self.path.iter().map(String::as_str))
    }

    /// The name of the setting, without a member.
    pub(super) fn name(&self) -> Option<&str> {
        self.path.first().map(String::as_str)
    }
}

fn list(text: &str) -> Value {
    if let Ok(Value::Array(items)) = serde_json::from_str(text) {
        return Value::Array(items);
    }
    let items = text.split(',').map(str::trim);
    items.filter(|item| !item.is_empty()).collect()
}

/// `NAME=VALUE`.
#[derive(Clone)]
pub(super) struct Variable {
    name: String,
    value: String,
}

impl Variable {
    pub(super) fn pair(&self) -> (&str, &str) {
        (&self.name, &self.value)
    }
}

impl FromStr for Variable {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("expected NAME=VALUE"),
        }
    }
}

/// `NAME=VALUE`, or `NAME` for this process's own variable.
#[derive(Clone)]
pub(super) struct Secret(Variable);

impl FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('=') {
            return Ok(Self(text.parse()?));
        }
        let value = env::var(text)
            .map_err(|_| format!("the variable {text} is not set; set it, or give {text}=VALUE"))?;
        let name = text.to_owned();
        Ok(Self(Variable { name, value }))
    }
}

/// A merge patch of settings.
pub(super) struct Patch(pub(super) Map<String, Value>);

impl Patch {
    pub(super) fn set(&mut self, settings: &[Setting]) {
        for setting in settings {
            self.insert(&setting.path, setting.value.clone());
        }
    }

    /// Removes settings, so that the host's defaults apply.
    pub(super) fn unset(&mut self, keys: &[String]) {
        for key in keys {
            let path: Vec<_> = key.splitn(2, '.').map(str::to_owned).collect();
            self.insert(&path, Value::Null);
        }
    }

    pub(super) fn variables(&mut self, variables: &[Variable]) {
        for Variable { name, value } in variables {
            self.insert(&["variables".into(), name.clone()], value.as_str().into());
        }
    }

    pub(super) fn secrets(&mut self, secrets: &[Secret]) {
        for Secret(Variable { name, value }) in secrets {
            self.insert(&["secrets".into(), name.clone()], value.as_str().into());
        }
    }

    /// `None` if nothing changes.
    pub(super) fn value(self) -> Option<Value> {
        (!self.0.is_empty()).then_some(Value::Object(self.0))
    }

    fn insert(&mut self, path: &[String], value: Value) {
        match path {
            [key, member] => {
                let inner = self.0.entry(key).or_insert_with(|| Map::new().into());
                if !inner.is_object() {
                    *inner = Map::new().into();
                }
                if let Value::Object(inner) = inner {
                    inner.insert(member.clone(), value);
                }
            }
            [key] => {
                self.0.insert(key.clone(), value);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn setting(text: &str) -> Setting {
        text.parse().unwrap_or_else(|_| panic!("{text}"))
    }

    /// Numbers and switches are JSON, everything else is text, and some settings are lists.
    #[test]
    fn values_have_their_type() {
        let mut patch = Patch(Map::new());
        patch.set(
            &[
                "timeout=5s",
                "concurrency=10",
                "max_body=1000",
                "allowed_hosts=a.example:443, b.example",
                "callers=[\"front\"]",
                "variables.GREETING=hello=there",
                "variables.RETRIES=3",
                "pass_authorization=true",
            ]
            .map(setting),
        );
        patch.unset(&["memory".into(), "variables.OLD".into()]);
        let variable = "PORT=8080".parse().unwrap_or_else(|_| panic!());
        patch.variables(&[variable]);
        let expected = json!({
            "timeout": "5s",
            "concurrency": 10,
            "max_body": "1000",
            "allowed_hosts": ["a.example:443", "b.example"],
            "callers": ["front"],
            "variables": {"GREETING": "hello=there", "OLD": null, "PORT": "8080", "RETRIES": "3"},
            "pass_authorization": true,
            "memory": null,
        });
        assert_eq!(patch.value(), Some(expected));
        assert_eq!(Patch(Map::new()).value(), None);
    }

    /// An invalid setting is refused with an example.
    #[test]
    fn invalid_settings_are_refused() {
        for invalid in ["", "timeout", "=5s"] {
            assert!(invalid.parse::<Setting>().is_err(), "{invalid}");
        }
    }
}
