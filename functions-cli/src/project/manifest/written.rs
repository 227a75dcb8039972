//! The settings of a function as they are written in the manifest.

use std::collections::BTreeMap;

use functions_server::SettingsDocument;
use host_harness::InvalidSetting;
use serde_json::Value;

use super::error::InvalidManifest;
use crate::value::limit;

/// Where each setting of a function stands, and its value's text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written(BTreeMap<String, (String, String)>);

impl Written {
    pub(super) fn add(&mut self, setting: &str, place: String, value: &Value) {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        self.0.insert(setting.to_owned(), (place, text));
    }

    /// The error about a setting that a host refuses; `None` if the setting is not from here.
    pub(crate) fn refused(
        &self,
        function: &str,
        invalid: &InvalidSetting,
    ) -> Option<InvalidManifest> {
        let setting = SettingsDocument::name_of(invalid.setting());
        let (place, text) = self.0.get(setting)?;
        let mut reason = format!("invalid {setting} of function {function}: ");
        if invalid.given().is_some() {
            reason.push_str(&format!("{text}; "));
        }
        reason.push_str(invalid.reason());
        if let Some(advice) = limit::advice(setting).filter(|_| invalid.is_above_limit()) {
            reason.push_str(&format!(": {advice}"));
        }
        Some(InvalidManifest::At {
            place: place.clone(),
            reason,
        })
    }

    /// Where a setting stands.
    pub(crate) fn place(&self, setting: &str) -> Option<&str> {
        self.0.get(setting).map(|(place, _)| place.as_str())
    }
}
