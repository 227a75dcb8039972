//! The keys of objects.

use serde::de::{self, Visitor};

use super::access::Variant;
use super::error::Error;
use super::source::Source;
use super::text::Text;

/// The key of an object, whose quote was peeked: a string, or what a type reads out of one.
pub(super) struct Key<'a, 'de>(pub(super) &'a mut Source<'de>);

impl<'de> Key<'_, 'de> {
    fn string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.string()? {
            Text::Borrowed(text) => visitor.visit_borrowed_str(text),
            Text::Copied(text) => visitor.visit_str(text),
        }
    }

    /// A number or a boolean in quotes.
    fn quoted<T>(
        self,
        read: impl FnOnce(&mut Source<'de>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.0.skip();
        let value = read(self.0)?;
        if self.0.peek() != Some(b'"') {
            return Err(self.0.fail_next("expected `\"`"));
        }
        self.0.skip();
        Ok(value)
    }

    fn number<T>(
        self,
        read: impl FnOnce(&mut Source<'de>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.quoted(|source| match source.peek() {
            Some(b'0'..=b'9' | b'-') => read(source),
            _ => Err(source.fail("invalid value: expected key to be a number in quotes")),
        })
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.number(|source| source.$method(visitor))
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Key<'_, 'de> {
    type Error = Error;

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.string(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.again(self.0.at() + 1).peek() {
            Some(b't' | b'f') => self.quoted(|source| source.deserialize_bool(visitor)),
            _ => self.string(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.skim(false)?;
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(Variant::name(self.0))
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier
    }
}
