//! The object that describes a version of a component.

use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::answer::ErrorResponse;
use crate::store::Time;
use crate::store::components::ComponentRow;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ComponentView {
    versioned_component_id: VersionedId,
    component_name: String,
    component_size: i64,
    metadata: Box<RawValue>,
    created_at: String,
    component_type: &'static str,
    files: [(); 0],
    installed_plugins: [(); 0],
    env: Box<RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionedId {
    component_id: Uuid,
    version: i64,
}

impl ComponentView {
    pub(super) fn of(row: ComponentRow) -> Result<Self, ErrorResponse> {
        let raw = |text: String| {
            RawValue::from_string(text).map_err(|error| ErrorResponse::internal(&error))
        };
        Ok(Self {
            versioned_component_id: VersionedId {
                component_id: row.id,
                version: row.number,
            },
            component_name: row.name,
            component_size: row.size,
            metadata: raw(row.metadata)?,
            created_at: timestamp(row.created),
            component_type: match row.is_ephemeral {
                true => "Ephemeral",
                false => "Durable",
            },
            files: [],
            installed_plugins: [],
            env: raw(row.env)?,
        })
    }

    pub(super) fn all(rows: Vec<ComponentRow>) -> Result<Vec<Self>, ErrorResponse> {
        rows.into_iter().map(Self::of).collect()
    }
}

/// A time with the offset that Golem's services write.
fn timestamp(time: Time) -> String {
    let text = time.to_string();
    match text.strip_suffix('Z') {
        Some(text) => format!("{text}+00:00"),
        None => text,
    }
}

/// Whether a component's type is the one whose calls are forgotten.
pub(super) fn is_ephemeral(text: &str) -> Result<bool, ErrorResponse> {
    match text {
        "Durable" => Ok(false),
        "Ephemeral" => Ok(true),
        other => Err(ErrorResponse::Errors(
            StatusCode::BAD_REQUEST,
            vec![format!(
                "Invalid component type: {other}, expected Durable or Ephemeral"
            )],
        )),
    }
}
