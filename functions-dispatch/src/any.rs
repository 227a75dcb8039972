use std::fmt;

use crate::Error;
use crate::wire::{Field, Reader, Writer};

/// The prefix of the type URLs of the types that every SDK of Dispatch knows.
const PREFIX: &str = "type.googleapis.com/";

/// A value with the name of its type: `google.protobuf.Any`. It is the input or output of a function.
///
/// ```
/// use functions_dispatch::{Any, marshal, unmarshal};
///
/// let any: Any = marshal("hello")?;
/// assert_eq!(any.type_url, "type.googleapis.com/google.protobuf.StringValue");
/// assert_eq!(unmarshal::<String>(&any)?, "hello");
/// # Ok::<(), functions_dispatch::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Any {
    /// The type's name, after the last `/`.
    pub type_url: String,
    /// The message, encoded.
    pub value: Vec<u8>,
}

impl Any {
    /// A message of a type that every SDK knows.
    pub(crate) fn known(name: &str, value: Vec<u8>) -> Self {
        Self {
            type_url: format!("{PREFIX}{name}"),
            value,
        }
    }

    /// The name of the type: what follows the last `/` of the URL.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.type_url.rsplit('/').next().unwrap_or_default()
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.text(1, &self.type_url);
        writer.bytes(2, &self.value);
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut any = Self::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, field)) = reader.next()? {
            match (number, field) {
                (1, Field::Bytes(text)) => any.type_url = crate::wire::text(text)?,
                (2, Field::Bytes(value)) => any.value = value.to_vec(),
                _ => {}
            }
        }
        Ok(any)
    }
}

impl fmt::Debug for Any {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Any")
            .field("type_url", &self.type_url)
            .field("bytes", &self.value.len())
            .finish()
    }
}
