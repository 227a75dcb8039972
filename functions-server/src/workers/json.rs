//! JSON as clients send it: in its order, within limits of nesting and of the number of values.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Number;

/// How many values a text may have, at any depth. A value takes 40 bytes or so, and as much again as a
/// value of the component model.
pub(crate) const MAX_VALUES: usize = 4 << 20;

/// The key under which serde_json passes a number on if another crate of the program has it keep numbers as
/// texts (`arbitrary_precision`).
const NUMBER: &str = "$serde_json::private::Number";

/// A JSON value, smaller than serde_json's, whose objects keep their order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Parses a text. Values nest at most 127 deep, which is serde_json's limit.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        let left = Cell::new(MAX_VALUES);
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let value = Seed(&left).deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(value)
    }

    /// The value of a key of an object; the last one if the object has several.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(members) = self else {
            return None;
        };
        let mut members = members.iter().rev();
        members
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// The kind of value, for errors.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// A finite number; null otherwise.
    pub(crate) fn float(number: f64) -> Self {
        Number::from_f64(number).map_or(Self::Null, Self::Number)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (key, value) in members {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// Reads a value, and counts down.
#[derive(Clone, Copy)]
struct Seed<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        let left = self.0.get().checked_sub(1);
        let left = left.ok_or_else(|| {
            D::Error::custom(format_args!("more than {MAX_VALUES} values, the limit"))
        })?;
        self.0.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(key) = members.next_key::<String>()? {
            if key == NUMBER && object.is_empty() {
                let digits: String = members.next_value()?;
                let number = digits.parse::<Number>().map_err(A::Error::custom)?;
                return Ok(Json::Number(number));
            }
            object.push((key, members.next_value_seed(self)?));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Objects keep their order, and numbers all their digits.
    #[test]
    fn values_come_back_as_they_were() {
        let text =
            r#"{"b":1,"a":[null,true,"x",18446744073709551615,-9223372036854775808,1.5,-0.0]}"#;
        let value = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(value.to_string(), text);
        assert_eq!(value.get("b"), Some(&Json::Number(1.into())));
        assert_eq!(value.get("c"), None);
    }

    /// A text ends with its value, nests within a limit, and has values up to another.
    #[test]
    fn texts_have_limits() {
        assert!(Json::parse(b"1 2").is_err());
        assert!(Json::parse(b"").is_err());
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(nested(127).as_bytes()).is_ok());
        assert!(Json::parse(nested(128).as_bytes()).is_err());
        let flat = |values: usize| format!("[{}1]", "1,".repeat(values - 2));
        assert!(Json::parse(flat(MAX_VALUES).as_bytes()).is_ok());
        let error = Json::parse(flat(MAX_VALUES + 1).as_bytes()).unwrap_err();
        assert!(error.to_string().contains("4194304"), "{error}");
    }
}
