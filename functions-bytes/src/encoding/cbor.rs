use ciborium::de::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wrapper::{Text, wrapper};
use super::{DecodeError, Encode, EncodeError, words};
use crate::Data;

/// How deep values may be nested, so that no body can exhaust the stack; that of JSON.
const MAX_DEPTH: usize = 128;

/// A value as CBOR (`application/cbor`, RFC 8949).
///
/// Structs are maps. Numbers are decoded from whatever width they were sent in.
///
/// ```
/// use functions_bytes::encoding::{Cbor, Encode, Decode};
///
/// let body = Cbor([1, 2]).encode()?;
/// let Cbor(numbers) = Cbor::<Vec<u32>>::decode(body)?;
/// assert_eq!(numbers, [1, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Decoding fails when the body is longer than [`Cbor::LIMIT`], is not CBOR, or is of another shape
/// than `T`'s; encoding, when `T` does so itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Cbor<T>(pub T);

wrapper!(Cbor, DeserializeOwned);

impl<T: DeserializeOwned> Cbor<T> {
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut rest = bytes;
        let value = ciborium::de::from_reader_with_recursion_limit(&mut rest, MAX_DEPTH)
            .map_err(refused)?;
        if !rest.is_empty() {
            return Err(refused(Error::Semantic(None, "trailing bytes".into())));
        }
        Ok(Self(value))
    }
}

fn refused(error: Error<std::io::Error>) -> DecodeError {
    let (what, place) = match &error {
        Error::Io(_) => ("the end is missing".into(), None),
        Error::Syntax(place) => ("malformed".into(), Some(*place)),
        Error::Semantic(place, message) => (words::message(message.clone()), *place),
        Error::RecursionLimitExceeded => ("it is nested too deep".into(), None),
    };
    let detail = match place {
        Some(place) => format!("{what} at byte {place}"),
        None => what,
    };
    DecodeError::new("CBOR", detail, Text(error))
}

impl<T: Serialize> Encode for Cbor<T> {
    type Error = EncodeError;

    fn content_type(&self) -> Option<&'static str> {
        Some("application/cbor")
    }

    fn encode(self) -> Result<Data, EncodeError> {
        let mut body = Vec::new();
        match ciborium::into_writer(&self.0, &mut body) {
            Ok(()) => Ok(Data::from(body)),
            Err(error) => Err(EncodeError::new("CBOR", Text(error))),
        }
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
            let body = Cbor(&sample).encode().unwrap();
            prop_assert_eq!(Cbor::<Sample>::decode(body).unwrap().0, sample);
        }

        /// Any bytes, and an encoded value that was changed, are a value or an error, never a
        /// panic.
        #[test]
        fn any_bytes(bytes: Vec<u8>, sample in sample(), place: prop::sample::Index, byte: u8) {
            let _ = Cbor::<Sample>::decode(Data::from(bytes));
            let mut body = Cbor(sample).encode().unwrap().into_bytes().unwrap();
            let place = place.index(body.len());
            body[place] = byte;
            let _ = Cbor::<Sample>::decode(Data::from(&*body));
            body.truncate(place);
            prop_assert!(Cbor::<Sample>::decode(Data::from(body)).is_err());
        }
    }

    fn detail(body: &[u8]) -> String {
        Cbor::<Named>::decode(Data::from(body))
            .unwrap_err()
            .detail()
    }

    /// What is wrong reaches the one who sent the body, without names of types.
    #[test]
    fn detail_says_what() {
        assert_eq!(detail(b"\xa0"), "missing field `name`");
        assert_eq!(detail(b"\x61x"), "invalid type: string, expected an object");
        assert_eq!(detail(b"\xa1\x64name\x62x"), "the end is missing");
        assert_eq!(detail(b"\xa1\x64name\x61xx"), "trailing bytes");
        assert_eq!(detail(b"\xa1\x64name\x61\xff"), "malformed at byte 6");
    }

    /// A float of any width is a float.
    #[test]
    fn numbers_of_any_width() {
        for body in [
            &b"\xf9\x3e\x00"[..],
            b"\xfa\x3f\xc0\0\0",
            b"\xfb\x3f\xf8\0\0\0\0\0\0",
        ] {
            assert_eq!(Cbor::<f64>::decode(Data::from(body)).unwrap().0, 1.5);
        }
    }

    /// Nesting that would exhaust the stack is refused.
    #[test]
    fn depth() {
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "only decoded")]
        struct Nested(Vec<Nested>);

        let mut body = vec![0x81; 100_000];
        body.push(0x80);
        let error = Cbor::<Nested>::decode(Data::from(body)).unwrap_err();
        assert_eq!(error.detail(), "it is nested too deep");
    }
}
