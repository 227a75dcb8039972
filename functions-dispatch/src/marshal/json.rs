use functions_bytes::encoding::Json;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as JsonValue;

use super::{Marshal, Unmarshal, Value};
use crate::{Any, Error};

impl<T: Serialize> Marshal for Json<T> {
    fn marshal(&self) -> Result<Any, Error> {
        let json = serde_json::to_value(&self.0);
        let json = json.map_err(|error| Error::invalid_message(error.to_string()))?;
        from_json(json)?.marshal()
    }
}

impl<T: DeserializeOwned> Unmarshal for Json<T> {
    fn unmarshal(any: &Any) -> Result<Self, Error> {
        Self::from_value(Value::unmarshal(any)?)
    }

    fn from_value(value: Value) -> Result<Self, Error> {
        let value = serde_json::from_value(into_json(value));
        value
            .map(Self)
            .map_err(|error| Error::invalid_message(error.to_string()))
    }
}

fn from_json(json: JsonValue) -> Result<Value, Error> {
    Ok(match json {
        JsonValue::Null => Value::Null,
        JsonValue::Bool(value) => Value::Bool(value),
        JsonValue::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::of(&number.marshal()?)?,
            (_, Some(number)) => Value::of(&number.marshal()?)?,
            _ => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
        },
        JsonValue::String(text) => Value::Text(text),
        JsonValue::Array(members) => Value::List(
            members
                .into_iter()
                .map(from_json)
                .collect::<Result<_, _>>()?,
        ),
        JsonValue::Object(members) => {
            let member = |(name, member)| Ok::<_, Error>((name, from_json(member)?));
            Value::Struct(members.into_iter().map(member).collect::<Result<_, _>>()?)
        }
    })
}

/// A number without a fraction becomes an integer, so that a struct can have integers.
fn into_json(value: Value) -> JsonValue {
    match value {
        Value::Null => JsonValue::Null,
        Value::Bool(value) => value.into(),
        Value::Number(number) => match Value::Number(number).integer() {
            Ok(integer) => integer.into(),
            Err(_) => number.into(),
        },
        Value::Text(text) => text.into(),
        Value::List(members) => members.into_iter().map(into_json).collect(),
        Value::Struct(members) => {
            let members = members.into_iter();
            members
                .map(|(name, member)| (name, into_json(member)))
                .collect()
        }
    }
}
