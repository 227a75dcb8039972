use super::{Marshal, Unmarshal, Value, wrong_type};
use crate::wire::{Field, Reader, message, text};
use crate::{Any, Error};

/// The only field of a wrapper; `None` if it is left out, which stands for zero or empty.
fn only(any: &Any) -> Result<Option<Field<'_>>, Error> {
    let mut last = None;
    let mut reader = Reader::new(&any.value);
    while let Some((number, field)) = reader.next()? {
        if number == 1 {
            last = Some(field);
        }
    }
    Ok(last)
}

fn malformed(any: &Any) -> Error {
    Error::invalid_message(format!("malformed {}", any.type_name()))
}

impl Marshal for () {
    fn marshal(&self) -> Result<Any, Error> {
        Ok(Any::known("google.protobuf.Empty", Vec::new()))
    }
}

impl Unmarshal for () {
    fn unmarshal(any: &Any) -> Result<Self, Error> {
        match any.type_name() {
            "google.protobuf.Empty" => Ok(()),
            "google.protobuf.Value" if Value::unmarshal(any)? == Value::Null => Ok(()),
            _ => Err(wrong_type("Empty", any)),
        }
    }
}

impl Marshal for bool {
    fn marshal(&self) -> Result<Any, Error> {
        let value = message(|writer| writer.number(1, u64::from(*self)));
        Ok(Any::known("google.protobuf.BoolValue", value))
    }
}

impl Unmarshal for bool {
    fn unmarshal(any: &Any) -> Result<Self, Error> {
        match (any.type_name(), only(any)?) {
            ("google.protobuf.BoolValue", None) => Ok(false),
            ("google.protobuf.BoolValue", Some(Field::Number(number))) => Ok(number != 0),
            ("google.protobuf.BoolValue", _) => Err(malformed(any)),
            _ => Err(wrong_type("BoolValue", any)),
        }
    }

    fn from_value(value: Value) -> Result<Self, Error> {
        match value {
            Value::Bool(value) => Ok(value),
            other => Err(other.is_not("a boolean")),
        }
    }
}

fn number(any: &Any) -> Result<u64, Error> {
    match only(any)? {
        None => Ok(0),
        Some(Field::Number(number)) => Ok(number),
        Some(_) => Err(malformed(any)),
    }
}

fn does_not_fit(number: impl std::fmt::Display, type_name: &str) -> Error {
    Error::OutOfRange(format!("the number {number} does not fit into {type_name}"))
}

macro_rules! signed {
    ($($type:ident)*) => {$(
        impl Marshal for $type {
            fn marshal(&self) -> Result<Any, Error> {
                let number = i64::try_from(*self).map_err(|_| does_not_fit(self, "i64"))?;
                let value = message(|writer| writer.number(1, number.cast_unsigned()));
                Ok(Any::known("google.protobuf.Int64Value", value))
            }
        }

        impl Unmarshal for $type {
            fn unmarshal(any: &Any) -> Result<Self, Error> {
                let number = match any.type_name() {
                    "google.protobuf.Int64Value" => number(any)?.cast_signed(),
                    // The lower half, as the standard has it.
                    "google.protobuf.Int32Value" => i64::from(number(any)? as i32),
                    _ => return Err(wrong_type("Int64Value", any)),
                };
                Self::try_from(number).map_err(|_| does_not_fit(number, stringify!($type)))
            }

            fn from_value(value: Value) -> Result<Self, Error> {
                let number = value.integer()?;
                Self::try_from(number).map_err(|_| does_not_fit(number, stringify!($type)))
            }
        }
    )*};
}

signed! { i8 i16 i32 i64 isize }

macro_rules! unsigned {
    ($($type:ident { $($list:tt)* })*) => {$(
        impl Marshal for $type {
            fn marshal(&self) -> Result<Any, Error> {
                let number = u64::try_from(*self).map_err(|_| does_not_fit(self, "u64"))?;
                let value = message(|writer| writer.number(1, number));
                Ok(Any::known("google.protobuf.UInt64Value", value))
            }

            $($list)*
        }
    )*};
}

unsigned! {
    u8 {
        fn marshal_list(list: &[u8]) -> Result<Any, Error> {
            list.marshal()
        }
    }
    u16 {} u32 {} u64 {} usize {}
}

macro_rules! read_unsigned {
    ($($type:ident { $($list:tt)* })*) => {$(
        impl Unmarshal for $type {
            fn unmarshal(any: &Any) -> Result<Self, Error> {
                let number = match any.type_name() {
                    "google.protobuf.UInt64Value" => number(any)?,
                    "google.protobuf.UInt32Value" => u64::from(number(any)? as u32),
                    _ => return Err(wrong_type("UInt64Value", any)),
                };
                Self::try_from(number).map_err(|_| does_not_fit(number, stringify!($type)))
            }

            fn from_value(value: Value) -> Result<Self, Error> {
                let number = value.integer()?;
                Self::try_from(number).map_err(|_| does_not_fit(number, stringify!($type)))
            }

            $($list)*
        }
    )*};
}

read_unsigned! {
    u8 {
        fn unmarshal_list(any: &Any) -> Result<Vec<u8>, Error> {
            match (any.type_name(), only(any)?) {
                ("google.protobuf.BytesValue", None) => Ok(Vec::new()),
                ("google.protobuf.BytesValue", Some(Field::Bytes(bytes))) => Ok(bytes.to_vec()),
                ("google.protobuf.BytesValue", _) => Err(malformed(any)),
                _ => Err(wrong_type("BytesValue", any)),
            }
        }
    }
    u16 {} u32 {} u64 {} usize {}
}

impl Marshal for f64 {
    fn marshal(&self) -> Result<Any, Error> {
        let bits = self.to_bits();
        let value = message(|writer| {
            if bits != 0 {
                writer.fixed64(1, bits);
            }
        });
        Ok(Any::known("google.protobuf.DoubleValue", value))
    }
}

impl Unmarshal for f64 {
    fn unmarshal(any: &Any) -> Result<Self, Error> {
        match (any.type_name(), only(any)?) {
            ("google.protobuf.DoubleValue" | "google.protobuf.FloatValue", None) => Ok(0.0),
            ("google.protobuf.DoubleValue", Some(Field::Fixed64(bits))) => {
                Ok(Self::from_bits(bits))
            }
            ("google.protobuf.FloatValue", Some(Field::Fixed32(bits))) => {
                Ok(f32::from_bits(bits).into())
            }
            ("google.protobuf.DoubleValue" | "google.protobuf.FloatValue", _) => {
                Err(malformed(any))
            }
            _ => Err(wrong_type("DoubleValue", any)),
        }
    }

    fn from_value(value: Value) -> Result<Self, Error> {
        match value {
            Value::Number(number) => Ok(number),
            other => Err(other.is_not("a number")),
        }
    }
}

impl Marshal for f32 {
    fn marshal(&self) -> Result<Any, Error> {
        f64::from(*self).marshal()
    }
}

impl Unmarshal for f32 {
    fn unmarshal(any: &Any) -> Result<Self, Error> {
        narrow(f64::unmarshal(any)?)
    }

    fn from_value(value: Value) -> Result<Self, Error> {
        narrow(f64::from_value(value)?)
    }
}

/// Rounds to the nearest number; one that would become infinite is an error.
fn narrow(number: f64) -> Result<f32, Error> {
    let narrow = number as f32;
    if narrow.is_infinite() && number.is_finite() {
        return Err(does_not_fit(number, "f32"));
    }
    Ok(narrow)
}

impl Marshal for str {
    fn marshal(&self) -> Result<Any, Error> {
        let value = message(|writer| writer.text(1, self));
        Ok(Any::known("google.protobuf.StringValue", value))
    }
}

impl Marshal for String {
    fn marshal(&self) -> Result<Any, Error> {
        self.as_str().marshal()
    }
}

impl Unmarshal for String {
    fn unmarshal(any: &Any) -> Result<Self, Error> {
        match (any.type_name(), only(any)?) {
            ("google.protobuf.StringValue", None) => Ok(Self::new()),
            ("google.protobuf.StringValue", Some(Field::Bytes(bytes))) => text(bytes),
            ("google.protobuf.StringValue", _) => Err(malformed(any)),
            _ => Err(wrong_type("StringValue", any)),
        }
    }

    fn from_value(value: Value) -> Result<Self, Error> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err(other.is_not("a text")),
        }
    }
}

impl Marshal for [u8] {
    fn marshal(&self) -> Result<Any, Error> {
        let value = message(|writer| writer.bytes(1, self));
        Ok(Any::known("google.protobuf.BytesValue", value))
    }
}
