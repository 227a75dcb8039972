//! All the fields, and what they are decoded into.

use serde::de::{Deserializer, Expected, Visitor};
use serde::forward_to_deserialize_any;
use serde_html_form::de::Error;

/// The kind of type that fields are decoded into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetKind {
    /// A map of names and values.
    Map,
    /// Anything else, such as a struct, also one with `#[serde(flatten)]` in it.
    Other,
}

/// Fields that note what they are taken as.
pub(super) struct Whole<'de, 'k> {
    fields: serde_html_form::Deserializer<'de>,
    kind: &'k mut TargetKind,
}

impl<'de, 'k> Whole<'de, 'k> {
    pub(super) fn new(fields: &'de [u8], kind: &'k mut TargetKind) -> Self {
        Self {
            fields: serde_html_form::Deserializer::from_bytes(fields),
            kind,
        }
    }
}

impl<'de> Deserializer<'de> for Whole<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.fields.deserialize_any(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        // A struct with something flattened asks for a map, too, and tells what it is here only.
        let expected: &dyn Expected = &visitor;
        if !expected.to_string().starts_with("struct ") {
            *self.kind = TargetKind::Map;
        }
        self.fields.deserialize_map(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.fields.deserialize_seq(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.fields.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit_struct tuple tuple_struct struct enum identifier ignored_any
    }
}
