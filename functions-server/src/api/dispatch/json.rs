//! The JSON codec: messages as Protocol Buffers write them in JSON, from a description of the published proto.

use std::sync::OnceLock;

use bytes::Bytes;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};
use serde_json::Value;

use super::error::{ConnectCode, ConnectError};
use crate::dispatch::{DispatchRequest, DispatchResponse};

/// Reads a request. Members that are unknown are ignored, as by Connect's other servers.
pub(super) fn decode(body: &Bytes) -> Result<DispatchRequest, ConnectError> {
    let invalid = |why: String| {
        ConnectError::new(
            ConnectCode::InvalidArgument,
            format!("invalid message: {why}"),
        )
    };
    let mut json: Value =
        serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))?;
    complete(&mut json);
    let descriptor = descriptor().ok_or_else(|| invalid("JSON is not supported".to_owned()))?;
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let message = DynamicMessage::deserialize_with_options(descriptor, json, &options);
    let message = message.map_err(|error| invalid(error.to_string()))?;
    DispatchRequest::decode(&*message.encode_to_vec()).map_err(|error| invalid(error.to_string()))
}

/// Writes a response.
pub(super) fn encode(response: &DispatchResponse) -> Vec<u8> {
    serde_json::json!({ "dispatchIds": response.dispatch_ids })
        .to_string()
        .into_bytes()
}

/// Python writes an `Empty` without its value.
fn complete(json: &mut Value) {
    let calls = json.get_mut("calls").and_then(Value::as_array_mut);
    for call in calls.into_iter().flatten() {
        let Some(input) = call.get_mut("input").and_then(Value::as_object_mut) else {
            continue;
        };
        let kind = input.get("@type").and_then(Value::as_str);
        if kind.is_some_and(|kind| kind.ends_with("/google.protobuf.Empty")) {
            input
                .entry("value")
                .or_insert_with(|| Value::Object(serde_json::Map::new()));
        }
    }
}

fn descriptor() -> Option<MessageDescriptor> {
    static DESCRIPTOR: OnceLock<Option<MessageDescriptor>> = OnceLock::new();
    let make = || {
        // With the types of `google.protobuf`, which an `Any` has.
        let mut pool = DescriptorPool::global();
        let added = pool.add_file_descriptor_proto(file());
        if let Err(error) = added {
            tracing::error!(%error, "the description of Dispatch's messages is invalid");
        }
        pool.get_message_by_name("dispatch.sdk.v1.DispatchRequest")
    };
    DESCRIPTOR.get_or_init(make).clone()
}

fn file() -> FileDescriptorProto {
    let any = Some(".google.protobuf.Any");
    let duration = Some(".google.protobuf.Duration");
    let call = [
        field("correlation_id", 1, Type::Uint64, None),
        field("endpoint", 2, Type::String, None),
        field("function", 3, Type::String, None),
        field("input", 4, Type::Message, any),
        field("expiration", 5, Type::Message, duration),
        field("version", 6, Type::String, None),
    ];
    let mut calls = field("calls", 1, Type::Message, Some(".dispatch.sdk.v1.Call"));
    calls.set_label(Label::Repeated);
    FileDescriptorProto {
        name: Some("dispatch/sdk/v1/dispatch.proto".to_owned()),
        package: Some("dispatch.sdk.v1".to_owned()),
        dependency: vec![
            "google/protobuf/any.proto".to_owned(),
            "google/protobuf/duration.proto".to_owned(),
        ],
        message_type: vec![message("Call", call), message("DispatchRequest", [calls])],
        syntax: Some("proto3".to_owned()),
        ..FileDescriptorProto::default()
    }
}

fn message(name: &str, fields: impl Into<Vec<FieldDescriptorProto>>) -> DescriptorProto {
    DescriptorProto {
        name: Some(name.to_owned()),
        field: fields.into(),
        ..DescriptorProto::default()
    }
}

fn field(name: &str, number: i32, kind: Type, of: Option<&str>) -> FieldDescriptorProto {
    let mut field = FieldDescriptorProto {
        name: Some(name.to_owned()),
        number: Some(number),
        type_name: of.map(str::to_owned),
        ..FieldDescriptorProto::default()
    };
    field.set_type(kind);
    field.set_label(Label::Optional);
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(json: &str) -> Result<DispatchRequest, ConnectError> {
        decode(&Bytes::from(json.to_owned()))
    }

    /// The message of the reference is read, with its `Any` and its `Duration`.
    #[test]
    fn json_is_read_as_protocol_buffers_have_it() {
        let request = decoded(
            r#"{"calls":[{"endpoint":"http://example.com","function":"f","correlationId":"18446744073709551615",
                "input":{"@type":"type.googleapis.com/google.protobuf.Int64Value","value":"23"},
                "expiration":"90.5s","unknown":[1]}]}"#,
        );
        let request = request.unwrap();
        let call = &request.calls[0];
        let input = call.input.as_ref().unwrap();
        assert_eq!(
            input.type_url,
            "type.googleapis.com/google.protobuf.Int64Value"
        );
        assert_eq!(
            (input.value.as_slice(), call.correlation_id),
            (&[8, 23][..], u64::MAX)
        );
        let expiration = call.expiration.unwrap();
        assert_eq!((expiration.seconds, expiration.nanos), (90, 500_000_000));
    }

    /// Every type that SDKs write is read, an `Empty` also without its value.
    #[test]
    fn known_types_are_read() {
        for (name, value) in [
            ("Empty", r#","value":{}"#),
            ("Empty", ""),
            ("BoolValue", r#","value":true"#),
            ("DoubleValue", r#","value":0.5"#),
            ("StringValue", r#","value":"a""#),
            ("BytesValue", r#","value":"AAE=""#),
            ("UInt64Value", r#","value":"1""#),
            ("Timestamp", r#","value":"2024-01-01T00:00:00Z""#),
            ("Duration", r#","value":"1s""#),
            ("Value", r#","value":[1,{"a":null}]"#),
        ] {
            let input =
                format!(r#"{{"@type":"type.googleapis.com/google.protobuf.{name}"{value}}}"#);
            let json = format!(
                r#"{{"calls":[{{"endpoint":"http://a","function":"f","input":{input}}}]}}"#
            );
            let request = decoded(&json).unwrap();
            let read = request.calls[0].input.as_ref().unwrap();
            assert!(read.type_url.ends_with(name), "{json}");
        }
    }

    /// JSON that is not a message is refused.
    #[test]
    fn other_json_is_refused() {
        for json in [
            "",
            "[]",
            "{\"calls\":1}",
            r#"{"calls":[{"function":1}]}"#,
            r#"{"calls":[{"expiration":"x"}]}"#,
            r#"{"calls":[{"input":{"@type":"a/unknown.Type","value":1}}]}"#,
            r#"{"calls":[{"input":{"@type":"type.googleapis.com/google.protobuf.Int64Value","value":"x"}}]}"#,
        ] {
            assert!(decoded(json).is_err(), "{json}");
        }
        assert!(decoded("{}").unwrap().calls.is_empty());
    }
}
