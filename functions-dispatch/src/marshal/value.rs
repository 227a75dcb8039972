use std::collections::BTreeMap;

use super::{Marshal, Unmarshal, wrong_type};
use crate::wire::{Field, Reader, Writer, message, text};
use crate::{Any, Error};

/// How deep lists and structs may be nested.
const MAX_DEPTH: usize = 100;

/// The largest integer below which every integer is a double: 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// A JSON-like value: `google.protobuf.Value`. Its numbers are doubles.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing.
    Null,
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// True or false.
    Bool(bool),
    /// Members by name.
    Struct(BTreeMap<String, Value>),
    /// Members in order.
    List(Vec<Value>),
}

impl Value {
    /// The value of what [`Any`] has.
    pub(super) fn of(any: &Any) -> Result<Self, Error> {
        match any.type_name() {
            "google.protobuf.Empty" => Ok(Self::Null),
            "google.protobuf.BoolValue" => bool::unmarshal(any).map(Self::Bool),
            "google.protobuf.StringValue" => String::unmarshal(any).map(Self::Text),
            "google.protobuf.DoubleValue" => f64::unmarshal(any).map(Self::Number),
            "google.protobuf.Int64Value" => exact(i64::unmarshal(any)?.into()),
            "google.protobuf.UInt64Value" => exact(u64::unmarshal(any)?.into()),
            "google.protobuf.Value" => Self::unmarshal(any),
            _ => Err(Error::invalid_message(format!(
                "a value of type {:?} cannot be in a list or map",
                any.type_name()
            ))),
        }
    }

    /// The number, if it is an integer of which every digit is known.
    pub(super) fn integer(&self) -> Result<i64, Error> {
        match self {
            Self::Number(number) if number.fract() == 0.0 && number.abs() <= MAX_EXACT => {
                Ok(*number as i64)
            }
            Self::Number(number) => Err(Error::OutOfRange(format!(
                "the number {number} is not an integer that a double has exactly"
            ))),
            other => Err(other.is_not("a number")),
        }
    }

    pub(super) fn is_not(&self, expected: &'static str) -> Error {
        let found = match self {
            Self::Null => "null",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Bool(_) => "a boolean",
            Self::Struct(_) => "a struct",
            Self::List(_) => "a list",
        };
        Error::WrongType {
            expected,
            found: found.to_owned(),
        }
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            // A member of a `oneof` is written also if it is zero.
            Self::Null => {
                writer.varint(1 << 3);
                writer.varint(0);
            }
            Self::Number(number) => writer.fixed64(2, number.to_bits()),
            Self::Text(text) => writer.raw(3, text.as_bytes()),
            Self::Bool(value) => {
                writer.varint(4 << 3);
                writer.varint((*value).into());
            }
            Self::Struct(members) => writer.message(5, |inner| {
                for (name, member) in members {
                    inner.message(1, |entry| {
                        entry.text(1, name);
                        entry.message(2, |value| member.write(value));
                    });
                }
            }),
            Self::List(members) => writer.message(6, |inner| {
                for member in members {
                    inner.message(1, |value| member.write(value));
                }
            }),
        }
    }

    fn read(bytes: &[u8], depth: usize) -> Result<Self, Error> {
        if depth > MAX_DEPTH {
            return Err(Error::invalid_message(format!(
                "lists and structs are nested deeper than {MAX_DEPTH}"
            )));
        }
        let mut value = None;
        let mut reader = Reader::new(bytes);
        while let Some((number, field)) = reader.next()? {
            value = Some(match (number, field) {
                (1, Field::Number(_)) => Self::Null,
                (2, Field::Fixed64(bits)) => Self::Number(f64::from_bits(bits)),
                (3, Field::Bytes(bytes)) => Self::Text(text(bytes)?),
                (4, Field::Number(number)) => Self::Bool(number != 0),
                (5, Field::Bytes(bytes)) => Self::Struct(members(bytes, depth)?),
                (6, Field::Bytes(bytes)) => {
                    let mut list = Vec::new();
                    let mut reader = Reader::new(bytes);
                    while let Some((1, Field::Bytes(member))) = reader.next()? {
                        list.push(Self::read(member, depth + 1)?);
                    }
                    Self::List(list)
                }
                _ => continue,
            });
        }
        value.ok_or_else(|| Error::invalid_message("a value has no kind"))
    }
}

/// An integer as a number that [`Value::integer`] reads as the same one.
fn exact(integer: i128) -> Result<Value, Error> {
    let number = integer as f64;
    if number.abs() <= MAX_EXACT && number as i128 == integer {
        return Ok(Value::Number(number));
    }
    Err(Error::OutOfRange(format!(
        "the number {integer} cannot be in a list or map without a loss: its numbers are doubles"
    )))
}

fn members(bytes: &[u8], depth: usize) -> Result<BTreeMap<String, Value>, Error> {
    let mut members = BTreeMap::new();
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        let (1, Field::Bytes(entry)) = (number, field) else {
            continue;
        };
        let (mut name, mut value) = (String::new(), None);
        let mut reader = Reader::new(entry);
        while let Some((number, field)) = reader.next()? {
            match (number, field) {
                (1, Field::Bytes(bytes)) => name = text(bytes)?,
                (2, Field::Bytes(bytes)) => value = Some(Value::read(bytes, depth + 1)?),
                _ => {}
            }
        }
        members.insert(name, value.unwrap_or(Value::Null));
    }
    Ok(members)
}

impl Marshal for Value {
    fn marshal(&self) -> Result<Any, Error> {
        let value = message(|writer| self.write(writer));
        Ok(Any::known("google.protobuf.Value", value))
    }
}

impl Unmarshal for Value {
    fn unmarshal(any: &Any) -> Result<Self, Error> {
        match any.type_name() {
            "google.protobuf.Value" => Self::read(&any.value, 0),
            "google.protobuf.Struct" => members(&any.value, 0).map(Self::Struct),
            "google.protobuf.ListValue" => {
                let list = message(|writer| writer.raw(6, &any.value));
                Self::read(&list, 0)
            }
            _ => Err(wrong_type("Value", any)),
        }
    }

    fn from_value(value: Value) -> Result<Self, Error> {
        Ok(value)
    }
}
