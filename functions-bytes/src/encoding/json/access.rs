//! The parts of lists, objects and enums.

use serde::de::{self, DeserializeSeed, Error as _, Unexpected, Visitor};

use super::error::Error;
use super::key::Key;
use super::source::Source;
use super::text::Text;

pub(super) struct Elements<'a, 'de> {
    source: &'a mut Source<'de>,
    next: usize,
}

impl<'a, 'de> Elements<'a, 'de> {
    pub(super) fn new(source: &'a mut Source<'de>) -> Self {
        Self { source, next: 0 }
    }

    fn more(&mut self) -> Result<bool, Error> {
        let source = &mut *self.source;
        match source.token() {
            None => Err(source.fail_next("EOF while parsing a list")),
            Some(b']') => Ok(false),
            Some(_) if self.next == 0 => Ok(true),
            Some(b',') => {
                source.skip();
                match source.value()? {
                    b']' => Err(source.fail_next("trailing comma")),
                    _ => Ok(true),
                }
            }
            Some(_) => Err(source.fail_next("expected `,` or `]`")),
        }
    }
}

impl<'de> de::SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        if !self.more()? {
            return Ok(None);
        }
        let index = self.next;
        self.next += 1;
        match seed.deserialize(&mut *self.source) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(self.source.place(error).within(index)),
        }
    }
}

pub(super) struct Members<'a, 'de> {
    source: &'a mut Source<'de>,
    first: bool,
    /// Where the last key started.
    key: usize,
}

impl<'a, 'de> Members<'a, 'de> {
    pub(super) fn new(source: &'a mut Source<'de>) -> Self {
        Self {
            source,
            first: true,
            key: 0,
        }
    }

    fn more(&mut self) -> Result<bool, Error> {
        let source = &mut *self.source;
        let next = match source.token() {
            None => return Err(source.fail_next("EOF while parsing an object")),
            Some(b'}') => return Ok(false),
            Some(next) if self.first => next,
            Some(b',') => {
                source.skip();
                match source.value()? {
                    b'}' => return Err(source.fail_next("trailing comma")),
                    next => next,
                }
            }
            Some(_) => return Err(source.fail_next("expected `,` or `}`")),
        };
        if next != b'"' {
            return Err(source.fail_next("key must be a string"));
        }
        self.first = false;
        self.key = source.at();
        Ok(true)
    }
}

impl<'de> de::MapAccess<'de> for Members<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if !self.more()? {
            return Ok(None);
        }
        match seed.deserialize(Key(self.source)) {
            Ok(key) => Ok(Some(key)),
            Err(error) => Err(self.source.place(error)),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        colon(self.source)?;
        match seed.deserialize(&mut *self.source) {
            Ok(value) => Ok(value),
            Err(error) => Err(below(self.source, self.key, error)),
        }
    }
}

fn colon(source: &mut Source<'_>) -> Result<(), Error> {
    match source.token() {
        Some(b':') => {
            source.skip();
            Ok(())
        }
        Some(_) => Err(source.fail_next("expected `:`")),
        None => Err(source.fail_next("EOF while parsing an object")),
    }
}

/// An error in the value of the key that starts at `key`.
#[cold]
fn below(source: &Source<'_>, key: usize, error: Error) -> Error {
    source
        .place(error)
        .below(|| match source.again(key).string() {
            Ok(Text::Borrowed(key) | Text::Copied(key)) => key.to_owned(),
            Err(_) => String::new(),
        })
}

/// A variant: its name, or an object with its name and its value.
pub(super) struct Variant<'a, 'de> {
    source: &'a mut Source<'de>,
    /// Where the name starts, in an object.
    key: Option<usize>,
}

impl<'a, 'de> Variant<'a, 'de> {
    pub(super) fn name(source: &'a mut Source<'de>) -> Self {
        Self { source, key: None }
    }

    pub(super) fn object(source: &'a mut Source<'de>) -> Result<Self, Error> {
        match source.token() {
            Some(b'"') => Ok(Self {
                key: Some(source.at()),
                source,
            }),
            Some(b'}') => Err(source.fail_next("expected value")),
            Some(_) => Err(source.fail_next("key must be a string")),
            None => Err(source.fail_next("EOF while parsing an object")),
        }
    }

    /// Reads the value, which only an object has.
    fn with<T>(
        self,
        expected: &'static str,
        read: impl FnOnce(&mut Source<'de>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self.key {
            None => Err(Error::invalid_type(Unexpected::UnitVariant, &expected)),
            Some(key) => read(self.source).map_err(|error| below(self.source, key, error)),
        }
    }
}

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name = match seed.deserialize(Key(self.source)) {
            Ok(name) => name,
            Err(error) => return Err(self.source.place(error)),
        };
        if self.key.is_some() {
            colon(self.source)?;
        }
        Ok((name, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.key {
            None => Ok(()),
            Some(_) => self.with("", |source| de::Deserialize::deserialize(source)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        self.with("newtype variant", |source| seed.deserialize(source))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.with("tuple variant", |source| {
            de::Deserializer::deserialize_tuple(source, len, visitor)
        })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.with("struct variant", |source| {
            de::Deserializer::deserialize_struct(source, "", fields, visitor)
        })
    }
}
