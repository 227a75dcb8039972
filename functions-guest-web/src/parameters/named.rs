use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess};

use super::Error;
use super::value::Value;

/// Parameters of any kind: by their names or, when those do not matter, in their order.
///
/// Whatever goes wrong with one is told with its name.
pub(super) struct Named<I, N, D> {
    rest: I,
    /// The value whose name was asked for.
    pending: Option<(N, D)>,
}

impl<I, N, D> Named<I, N, D> {
    pub(super) fn new(all: I) -> Self {
        Self {
            rest: all,
            pending: None,
        }
    }
}

impl<'de, I, N, D> MapAccess<'de> for Named<I, N, D>
where
    I: Iterator<Item = (N, D)>,
    N: AsRef<str>,
    D: Deserializer<'de, Error = Error>,
{
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        let key = seed
            .deserialize(Value(name.as_ref()))
            .map_err(|error| error.of(name.as_ref()))?;
        self.pending = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        // Serde asks for a name before each value.
        let (name, value) = self
            .pending
            .take()
            .ok_or_else(|| Error::program("is asked for a value before its name"))?;
        seed.deserialize(value)
            .map_err(|error| error.of(name.as_ref()))
    }
}

impl<'de, I, N, D> SeqAccess<'de> for Named<I, N, D>
where
    I: Iterator<Item = (N, D)>,
    N: AsRef<str>,
    D: Deserializer<'de, Error = Error>,
{
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        seed.deserialize(value)
            .map(Some)
            .map_err(|error| error.of(name.as_ref()))
    }
}
