//! How long a body may be.

use std::ops::{Deref, DerefMut};

use super::{Decode, DecodeUpTo, Encode};
use crate::Data;

/// An encoding with a limit of its own: decodes bodies of at most `LIMIT` bytes.
///
/// The limit replaces that of the encoding, be it smaller or larger. A longer body is refused
/// before it is copied into the function.
///
/// ```
/// use functions_bytes::encoding::{Decode, Json, Limited};
/// use functions_bytes::{Data, ReadError};
///
/// #[derive(serde::Deserialize)]
/// struct Request {
///     name: String,
/// }
///
/// fn greet(Limited(Json(request)): Limited<Json<Request>, { 64 * 1024 }>) -> String {
///     format!("Hello, {}!", request.name)
/// }
///
/// let body = Data::from(r#"{"name":"Ada"}"#);
/// assert_eq!(greet(Limited::decode(body)?), "Hello, Ada!");
///
/// let error = Limited::<String, 4>::decode(Data::from("12345")).unwrap_err();
/// assert_eq!(error.read_error(), Some(&ReadError::TooLarge { limit: 4 }));
/// # Ok::<(), functions_bytes::encoding::DecodeError>(())
/// ```
///
/// # Errors
///
/// Decoding fails as that of `E` does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Limited<E, const LIMIT: u64>(pub E);

impl<E: DecodeUpTo, const LIMIT: u64> Decode for Limited<E, LIMIT> {
    type Error = E::Error;

    fn decode(data: Data) -> Result<Self, E::Error> {
        E::decode_up_to(data, LIMIT).map(Self)
    }
}

/// As the encoding alone: only what is decoded is limited.
impl<E: Encode, const LIMIT: u64> Encode for Limited<E, LIMIT> {
    type Error = E::Error;

    fn content_type(&self) -> Option<&'static str> {
        self.0.content_type()
    }

    fn encode(self) -> Result<Data, E::Error> {
        self.0.encode()
    }
}

impl<E, const LIMIT: u64> Deref for Limited<E, LIMIT> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.0
    }
}

impl<E, const LIMIT: u64> DerefMut for Limited<E, LIMIT> {
    fn deref_mut(&mut self) -> &mut E {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadError;
    use crate::encoding::DecodeError;

    /// Whether a body of this many bytes is decoded under a limit of 10.
    fn fits<E: DecodeUpTo>(length: usize, limit: impl Fn(E::Error) -> u64) -> bool {
        let body = format!("\"{}\"", "x".repeat(length - 2));
        match Limited::<E, 10>::decode(Data::from(body)) {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(limit(error), 10);
                false
            }
        }
    }

    /// The limit lets through what is just as long and nothing longer, and is what the error says.
    #[test]
    fn limit_is_inclusive() {
        let of = |error: &ReadError| match error {
            ReadError::TooLarge { limit } => *limit,
            _ => 0,
        };
        let decode = |error: DecodeError| error.read_error().map_or(0, of);
        for (length, expected) in [(9, true), (10, true), (11, false)] {
            assert_eq!(fits::<String>(length, decode), expected);
            assert_eq!(fits::<Vec<u8>>(length, |error| of(&error)), expected);
            assert_eq!(fits::<bytes::Bytes>(length, |error| of(&error)), expected);
            #[cfg(feature = "json")]
            assert_eq!(
                fits::<crate::encoding::Json<String>>(length, decode),
                expected
            );
        }
    }

    /// The limit may be larger than the encoding's own.
    #[cfg(feature = "json")]
    #[test]
    fn limit_can_be_raised() {
        use crate::encoding::Json;

        let length = usize::try_from(Json::<String>::LIMIT).unwrap();
        let body = format!("\"{}\"", "x".repeat(length));
        assert!(Json::<String>::decode(Data::from(body.clone())).is_err());
        let Limited(Json(text)) =
            Limited::<Json<String>, { 4 * 1024 * 1024 }>::decode(Data::from(body)).unwrap();
        assert_eq!(text.len(), length);
    }

    /// A limit changes nothing of what is encoded.
    #[test]
    fn encodes_as_it_is() {
        let limited = Limited::<_, 1>("long");
        assert_eq!(limited.content_type(), "long".content_type());
        assert_eq!(limited.encode().unwrap().into_bytes().unwrap(), b"long");
    }
}
