use rmp_serde::decode::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wrapper::{Text, wrapper};
use super::{DecodeError, Encode, EncodeError, words};
use crate::Data;

/// How deep values may be nested, so that no body can exhaust the stack; that of JSON.
const MAX_DEPTH: usize = 128;

/// A value as MessagePack (`application/vnd.msgpack`).
///
/// Structs are encoded as maps, so that who reads them needs no schema; decoding takes arrays too.
///
/// ```
/// use functions_bytes::encoding::{Encode, Decode, MsgPack};
///
/// let body = MsgPack([1, 2]).encode()?;
/// let MsgPack(numbers) = MsgPack::<Vec<u32>>::decode(body)?;
/// assert_eq!(numbers, [1, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Decoding fails when the body is longer than [`MsgPack::LIMIT`], is not MessagePack, or is of
/// another shape than `T`'s; encoding, when `T` does so itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct MsgPack<T>(pub T);

wrapper!(MsgPack, DeserializeOwned);

impl<T: DeserializeOwned> MsgPack<T> {
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut deserializer = rmp_serde::Deserializer::new(bytes);
        deserializer.set_max_depth(MAX_DEPTH);
        let value = T::deserialize(&mut deserializer).map_err(refused)?;
        if !deserializer.get_ref().is_empty() {
            return Err(refused(Error::Syntax("trailing bytes".into())));
        }
        Ok(Self(value))
    }
}

fn refused(error: Error) -> DecodeError {
    let detail = match &error {
        Error::Syntax(message) | Error::Uncategorized(message) => words::message(message.clone()),
        Error::InvalidMarkerRead(_) | Error::InvalidDataRead(_) => "the end is missing".into(),
        Error::TypeMismatch(_) => "a value is of the wrong type".into(),
        Error::OutOfRange => "a number is out of range".into(),
        Error::LengthMismatch(_) => "an array is of the wrong length".into(),
        Error::Utf8Error(_) => "a string is not UTF-8".into(),
        Error::DepthLimitExceeded => "it is nested too deep".into(),
    };
    DecodeError::new("MessagePack", detail, Text(error))
}

impl<T: Serialize> Encode for MsgPack<T> {
    type Error = EncodeError;

    fn content_type(&self) -> Option<&'static str> {
        Some("application/vnd.msgpack")
    }

    fn encode(self) -> Result<Data, EncodeError> {
        rmp_serde::to_vec_named(&self.0)
            .map(Data::from)
            .map_err(|error| EncodeError::new("MessagePack", Text(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::Decode;
    use crate::encoding::samples::{Named, Sample, sample};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        /// What is encoded is decoded as it was.
        #[test]
        fn round_trip(sample in sample()) {
            let body = MsgPack(&sample).encode().unwrap();
            prop_assert_eq!(MsgPack::<Sample>::decode(body).unwrap().0, sample);
        }

        /// Any bytes, and an encoded value that was changed, are a value or an error, never a
        /// panic.
        #[test]
        fn any_bytes(bytes: Vec<u8>, sample in sample(), place: prop::sample::Index, byte: u8) {
            let _ = MsgPack::<Sample>::decode(Data::from(bytes));
            let mut body = MsgPack(sample).encode().unwrap().into_bytes().unwrap();
            let place = place.index(body.len());
            body[place] = byte;
            let _ = MsgPack::<Sample>::decode(Data::from(&*body));
            body.truncate(place);
            prop_assert!(MsgPack::<Sample>::decode(Data::from(body)).is_err());
        }
    }

    fn detail(body: &[u8]) -> String {
        MsgPack::<Named>::decode(Data::from(body))
            .unwrap_err()
            .detail()
    }

    /// What is wrong reaches the one who sent the body, without names of types.
    #[test]
    fn detail_says_what() {
        assert_eq!(detail(b"\x80"), "missing field `name`");
        assert_eq!(
            detail(b"\xb5, expected struct Foo"),
            r#"invalid type: string ", expected struct Foo", expected an object"#
        );
        assert_eq!(detail(b"\x81\xa4name\xa2x"), "the end is missing");
        assert_eq!(detail(b"\x81\xa4name\xa1xx"), "trailing bytes");
        assert_eq!(detail(b""), "the end is missing");
    }

    /// Nesting that would exhaust the stack is refused.
    #[test]
    fn depth() {
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "only decoded")]
        struct Nested(Vec<Nested>);

        let mut body = vec![0x91; 100_000];
        body.push(0x90);
        let error = MsgPack::<Nested>::decode(Data::from(body)).unwrap_err();
        assert_eq!(error.detail(), "it is nested too deep");
    }
}
