//! Settings for programs that serve functions without a store: from a file, say.

use std::collections::BTreeMap;

use host_harness::FunctionSettings;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, schema::Schema};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::change::{Change, Configured, InvalidSettings};
use super::document::Settings;
use super::host::{for_host, name_of};

/// Where OpenAPI's descriptions have their types, and where its own schema has them.
const COMPONENTS: &str = "#/components/schemas/";
const DEFINITIONS: &str = "#/$defs/";

/// A function's settings, as the management API takes them.
///
/// ```
/// use functions_server::SettingsDocument;
/// use serde_json::json;
///
/// let document = json!({"timeout": "1s", "memory": "64MiB"});
/// let settings = SettingsDocument::parse(document.as_object().unwrap().clone())?;
/// assert_eq!(settings.for_host()?.memory, Some(64 << 20));
///
/// let document = json!({"timeout": 1});
/// let invalid = SettingsDocument::parse(document.as_object().unwrap().clone()).unwrap_err();
/// assert_eq!(invalid.name(), "timeout");
/// # Ok::<(), functions_server::InvalidSettings>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SettingsDocument(Configured);

impl SettingsDocument {
    /// Checks a document.
    ///
    /// # Errors
    ///
    /// A setting is unknown, or has another type or form.
    pub fn parse(document: Map<String, Value>) -> Result<Self, InvalidSettings> {
        let configured = Configured::default().changed(Change::Replace(document))?;
        Ok(Self(configured))
    }

    /// The settings as the host has them.
    ///
    /// # Errors
    ///
    /// The machine cannot address the `memory`.
    pub fn for_host(&self) -> Result<FunctionSettings, InvalidSettings> {
        for_host(&self.0)
    }

    /// The name that documents have for a field of [`FunctionSettings`], which the host's errors name.
    #[must_use]
    pub fn name_of(field: &'static str) -> &'static str {
        name_of(field)
    }

    /// The JSON Schema of documents (draft 2020-12): an object whose `properties` are the settings. Types that
    /// it refers to are in `$defs`.
    #[must_use]
    pub fn schema() -> Value {
        let mut types = Vec::new();
        Settings::schemas(&mut types);
        let definitions: BTreeMap<_, _> = types.into_iter().collect();
        let mut settings = Settings::schema();
        if let RefOr::T(Schema::Object(settings)) = &mut settings {
            super::add_secrets(settings);
        }
        let mut schema = json!(settings);
        if let Value::Object(schema) = &mut schema {
            schema.insert("additionalProperties".to_owned(), false.into());
            schema.insert("$defs".to_owned(), json!(definitions));
        }
        refer_to_definitions(&mut schema);
        schema
    }
}

fn refer_to_definitions(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(COMPONENTS)
            {
                *reference = format!("{DEFINITIONS}{name}");
            }
            members.values_mut().for_each(refer_to_definitions);
        }
        Value::Array(items) => items.iter_mut().for_each(refer_to_definitions),
        _ => {}
    }
}
