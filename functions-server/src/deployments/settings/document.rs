use std::collections::BTreeMap;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, SchemaType, Type};

use super::quantity::{Quantity, Size, Span};

/// The key of the secrets in a document of settings.
pub(super) const SECRETS: &str = "secrets";

/// The settings of a function. What is not set is the host's setting, which is also the upper bound.
///
/// Durations are texts such as `30s`, and sizes texts such as `64MiB`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The time until the function has answered, waiting included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "1s")]
    pub(crate) timeout: Option<Quantity<Span>>,
    /// The total time of an invocation that streams its response.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "5m")]
    pub(crate) stream_timeout: Option<Quantity<Span>>,
    /// The CPU time of an invocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "500ms")]
    pub(crate) cpu_time: Option<Quantity<Span>>,
    /// The memory of an invocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "64MiB")]
    pub(crate) memory: Option<Quantity<Size>>,
    /// How many invocations run at once.
    #[serde(
        default,
        deserialize_with = "whole_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) concurrency: Option<u32>,
    /// How many requests wait; further ones are answered with 429.
    #[serde(
        default,
        deserialize_with = "whole_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) queue: Option<usize>,
    /// The longest body of a request; a longer one is answered with 413.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "10MiB")]
    pub(crate) max_body: Option<Quantity<Size>>,
    /// The servers that the function may reach: `HOST`, `HOST:PORT`, `*.DOMAIN` or `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allowed_hosts: Option<Vec<String>>,
    /// Variables of the function.
    #[serde(
        default,
        deserialize_with = "empty_if_null",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub(crate) variables: BTreeMap<String, String>,
    /// Who may invoke the function from outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ingress: Option<Ingress>,
    /// The functions that may call it by name, and workers as `worker:COMPONENT/NAME`; `*` stands for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) callers: Option<Vec<String>>,
    /// Whether requests may share an instance that is reset in between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reuse: Option<Reuse>,
    /// How many linear memories an instance may have.
    #[serde(
        default,
        deserialize_with = "whole_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) memories: Option<u32>,
    /// The lowest level of log records that are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log_level: Option<Level>,
    /// How many processors a running instance counts for with Serverledge's API. Below 1, also the share of
    /// one that it gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpus: Option<f64>,
    /// How often an asynchronous invocation is tried again after it failed.
    #[serde(
        default,
        deserialize_with = "whole_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) retries: Option<u32>,
    /// How long the first retry waits; each further one waits twice as long, up to 5 minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "1s")]
    pub(crate) retry_backoff: Option<Quantity<Span>>,
    /// Whether the `authorization` header of a request with a valid token reaches the function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pass_authorization: Option<bool>,
}

impl Settings {
    /// How long the first retry waits, if the function has its own time.
    pub(crate) fn first_backoff(&self) -> Option<std::time::Duration> {
        self.retry_backoff.as_ref().map(Quantity::value)
    }

    /// The memory of an invocation, if it has its own limit.
    pub(crate) fn memory_bytes(&self) -> Option<u64> {
        self.memory.as_ref().map(Quantity::value)
    }
}

/// Who may invoke a function from outside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ingress {
    /// Everybody.
    Public,
    /// Requests with a valid token that may invoke it.
    Token,
    /// Nobody.
    Private,
}

/// Whether requests may share an instance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reuse {
    /// An instance that was reset, if all of its state can be.
    Auto,
    /// A new instance for each request.
    Never,
}

/// A level of log records.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// No records are kept.
    Off,
    /// Errors only.
    Error,
    /// Warnings, and what is above.
    Warn,
    /// Information, and what is above.
    Info,
    /// Debugging, and what is above.
    Debug,
    /// Everything.
    Trace,
}

fn empty_if_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A number, whose error does not depend on how serde_json keeps numbers.
fn whole_number<'de, D: Deserializer<'de>, N: TryFrom<u64>>(
    deserializer: D,
) -> Result<Option<N>, D::Error> {
    let Some(value) = Option::<serde_json::Value>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let number = value.as_u64().and_then(|number| N::try_from(number).ok());
    let expected = || D::Error::custom(format!("{value}: expected a whole number such as 10"));
    number.map(Some).ok_or_else(expected)
}

/// Shows which settings there are, and no value of a variable.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = Self {
            variables: self
                .variables
                .keys()
                .map(|name| (name.clone(), "…".into()))
                .collect(),
            ..self.clone()
        };
        f.write_str(&serde_json::to_string(&shown).map_err(|_| fmt::Error)?)
    }
}

/// Adds secrets to the schema of settings. They are settings, but never part of the type that is printed and
/// stored.
pub(crate) fn add_secrets(settings: &mut Object) {
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
        .description(Some(
            "Secrets, which the function reads as variables. Their values are encrypted at rest, and shown \
             as `***`.",
        ))
        .additional_properties(Some(Schema::Object(Object::with_type(Type::String))));
    settings
        .properties
        .insert(SECRETS.to_owned(), schema.build().into());
}
