//! Decodes JSON into any type that serde knows.
//!
//! Not serde_json's deserializer, for three reasons: what its errors say is made for the program's
//! author, not for whoever sent the body; they do not tell the path; and it adds 35 KB to the
//! smallest function, most of it to print floats in errors. What is accepted, what comes out of it,
//! and where an error is found, are the same, and `differential` compares them. But for three things:
//! values that are ignored may not be nested deeper than others, bytes read from a string are UTF-8,
//! and a visitor that asks for an integer is given no float.

use std::iter;

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer};
use serde::de::{self, DeserializeOwned, Visitor};

use super::access::Variant;
use super::error::Error;
use super::source::Source;

/// How serde_json asks for a value as it is written.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let mut source = Source::new(bytes);
    let value = T::deserialize(&mut source).map_err(|error| source.place(error))?;
    match source.token() {
        None => Ok(value),
        Some(_) => Err(source.fail_next("trailing characters")),
    }
}

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.integer(visitor)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for &mut Source<'de> {
    type Error = Error;

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = match self.value()? {
            b'n' => self.null(visitor),
            b't' => self.boolean(true, visitor),
            b'f' => self.boolean(false, visitor),
            b'-' | b'0'..=b'9' => self.any_number(visitor, |text| text.parse().ok()),
            b'"' => self.text(visitor),
            b'[' => self.list(visitor),
            b'{' => self.object(visitor),
            _ => Err(self.fail_next("expected value")),
        };
        value.map_err(|error| self.place(error))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = match self.value()? {
            b't' => self.boolean(true, visitor),
            b'f' => self.boolean(false, visitor),
            _ => Err(self.wrong(&visitor)),
        };
        value.map_err(|error| self.place(error))
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.wide_integer(visitor, |text, visitor| match text.parse() {
            Ok(number) => Ok(visitor.visit_i128(number)),
            Err(_) => Err(visitor),
        })
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.wide_integer(visitor, |text, visitor| match text.parse() {
            Ok(number) => Ok(visitor.visit_u128(number)),
            Err(_) => Err(visitor),
        })
    }

    /// Not by way of an `f64`, which would round twice.
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.float(visitor, |text| text.parse::<f32>().ok().map(f64::from))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.float(visitor, |text| text.parse().ok())
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = match self.value()? {
            b'"' => self.text(visitor),
            _ => Err(self.wrong(&visitor)),
        };
        value.map_err(|error| self.place(error))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    /// A list of numbers, or the bytes of a string.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = match self.value()? {
            b'"' => self.bytes(visitor),
            b'[' => self.list(visitor),
            _ => Err(self.wrong(&visitor)),
        };
        value.map_err(|error| self.place(error))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.token() {
            Some(b'n') => {
                self.ident(b"ull")?;
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = match self.value()? {
            b'n' => self.null(visitor),
            _ => Err(self.wrong(&visitor)),
        };
        value.map_err(|error| self.place(error))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name != RAW_VALUE {
            return visitor.visit_newtype_struct(self);
        }
        self.value()?;
        let start = self.at();
        self.ignore()?;
        match str::from_utf8(self.since(start)) {
            Ok(raw) => visitor.visit_map(MapDeserializer::new(iter::once((
                BorrowedStrDeserializer::new(RAW_VALUE),
                raw,
            )))),
            Err(_) => Err(self.fail("invalid unicode code point")),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = match self.value()? {
            b'[' => self.list(visitor),
            _ => Err(self.wrong(&visitor)),
        };
        value.map_err(|error| self.place(error))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = match self.value()? {
            b'{' => self.object(visitor),
            _ => Err(self.wrong(&visitor)),
        };
        value.map_err(|error| self.place(error))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let value = match self.value()? {
            b'[' => self.list(visitor),
            b'{' => self.object(visitor),
            _ => Err(self.wrong(&visitor)),
        };
        value.map_err(|error| self.place(error))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let value = match self.value()? {
            b'"' => visitor.visit_enum(Variant::name(self)),
            b'{' => self.variant(visitor),
            _ => Err(self.wrong(&visitor)),
        };
        value.map_err(|error| self.place(error))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.ignore()?;
        visitor.visit_unit()
    }
}
