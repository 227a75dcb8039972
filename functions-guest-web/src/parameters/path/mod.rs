use serde::de::{DeserializeOwned, Deserializer, Visitor};

use super::Error;
use super::named::Named;
use super::value::Value;

/// Decodes what a route matched: one value, several in their order, or all by their names.
pub(crate) fn decode<T: DeserializeOwned>(parameters: &[(String, String)]) -> Result<T, Error> {
    T::deserialize(PathDeserializer(parameters))
}

/// Deserializes a route's parameters, given by their names and values.
struct PathDeserializer<'a>(&'a [(String, String)]);

impl<'a> PathDeserializer<'a> {
    fn all(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        let all = self.0.iter();
        all.map(|(name, value)| (name.as_str(), Value(value)))
    }

    fn only(&self) -> Result<(&'a str, Value<'a>), Error> {
        self.counted(1)?;
        self.all().next().ok_or_else(|| self.miscounted(1))
    }

    fn counted(&self, wanted: usize) -> Result<(), Error> {
        if self.0.len() == wanted {
            Ok(())
        } else {
            Err(self.miscounted(wanted))
        }
    }

    #[cold]
    fn miscounted(&self, wanted: usize) -> Error {
        let there = self.0.len();
        Error::program(format!("has {there} parameters, and {wanted} are taken"))
    }
}

macro_rules! of_one {
    ($($method:ident($($argument:ident: $type:ty),*),)*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($argument: $type,)*
            visitor: V,
        ) -> Result<V::Value, Error> {
            let (name, value) = self.only()?;
            value.$method($($argument,)* visitor).map_err(|error| error.of(name))
        }
    )*};
}

impl<'de> Deserializer<'de> for PathDeserializer<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Named::new(self.all()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let all = self.0.iter();
        visitor.visit_seq(Named::new(
            all.map(|(name, value)| (name.as_str(), Pair { name, value })),
        ))
    }

    /// Nothing is taken of the parameters, however many there are.
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.counted(length)?;
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    of_one! {
        deserialize_bool(),
        deserialize_i8(),
        deserialize_i16(),
        deserialize_i32(),
        deserialize_i64(),
        deserialize_i128(),
        deserialize_u8(),
        deserialize_u16(),
        deserialize_u32(),
        deserialize_u64(),
        deserialize_u128(),
        deserialize_f32(),
        deserialize_f64(),
        deserialize_char(),
        deserialize_str(),
        deserialize_string(),
        deserialize_bytes(),
        deserialize_byte_buf(),
        deserialize_identifier(),
        deserialize_option(),
        deserialize_enum(name: &'static str, variants: &'static [&'static str]),
    }
}

/// A parameter in a list: its value, or its name and its value for `Vec<(String, String)>`.
struct Pair<'a> {
    name: &'a str,
    value: &'a str,
}

macro_rules! of_value {
    ($($method:ident($($argument:ident: $type:ty),*),)*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($argument: $type,)*
            visitor: V,
        ) -> Result<V::Value, Error> {
            Value(self.value).$method($($argument,)* visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Pair<'_> {
    type Error = Error;

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if length == 2 {
            let both = [
                (self.name, Value(self.name)),
                (self.name, Value(self.value)),
            ];
            visitor.visit_seq(Named::new(both.into_iter()))
        } else {
            Value(self.value).deserialize_tuple(length, visitor)
        }
    }

    of_value! {
        deserialize_any(),
        deserialize_bool(),
        deserialize_i8(),
        deserialize_i16(),
        deserialize_i32(),
        deserialize_i64(),
        deserialize_i128(),
        deserialize_u8(),
        deserialize_u16(),
        deserialize_u32(),
        deserialize_u64(),
        deserialize_u128(),
        deserialize_f32(),
        deserialize_f64(),
        deserialize_char(),
        deserialize_str(),
        deserialize_string(),
        deserialize_bytes(),
        deserialize_byte_buf(),
        deserialize_identifier(),
        deserialize_ignored_any(),
        deserialize_map(),
        deserialize_option(),
        deserialize_seq(),
        deserialize_unit(),
        deserialize_newtype_struct(name: &'static str),
        deserialize_unit_struct(name: &'static str),
        deserialize_tuple_struct(name: &'static str, length: usize),
        deserialize_struct(name: &'static str, fields: &'static [&'static str]),
        deserialize_enum(name: &'static str, variants: &'static [&'static str]),
    }
}

#[cfg(test)]
mod tests;
