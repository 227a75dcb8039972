//! Bodies that are taken as they are: bytes and text.

use std::borrow::Cow;
use std::convert::Infallible;

use bytes::{Bytes, BytesMut};

use super::{Decode, DecodeError, DecodeUpTo, Encode};
use crate::{Data, ReadError};

impl Decode for Data {
    type Error = Infallible;

    fn decode(data: Data) -> Result<Self, Infallible> {
        Ok(data)
    }
}

impl Decode for Vec<u8> {
    type Error = ReadError;

    fn decode(data: Data) -> Result<Self, ReadError> {
        data.into_bytes()
    }
}

impl Decode for Bytes {
    type Error = ReadError;

    fn decode(data: Data) -> Result<Self, ReadError> {
        data.into_bytes().map(Bytes::from)
    }
}

impl Decode for String {
    type Error = DecodeError;

    fn decode(data: Data) -> Result<Self, DecodeError> {
        text(data.into_bytes()?)
    }
}

fn text(bytes: Vec<u8>) -> Result<String, DecodeError> {
    String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        DecodeError::new("UTF-8 text", format!("not UTF-8 at byte {place}"), error)
    })
}

impl DecodeUpTo for Vec<u8> {
    fn decode_up_to(data: Data, limit: u64) -> Result<Self, ReadError> {
        data.into_bytes_up_to(limit)
    }
}

impl DecodeUpTo for Bytes {
    fn decode_up_to(data: Data, limit: u64) -> Result<Self, ReadError> {
        data.into_bytes_up_to(limit).map(Bytes::from)
    }
}

impl DecodeUpTo for String {
    fn decode_up_to(data: Data, limit: u64) -> Result<Self, DecodeError> {
        text(data.into_bytes_up_to(limit)?)
    }
}

/// Encodings whose bytes are the value's own.
macro_rules! as_they_are {
    ($($type:ty => $content_type:expr,)*) => {$(
        impl Encode for $type {
            type Error = Infallible;

            fn content_type(&self) -> Option<&'static str> {
                $content_type
            }

            fn encode(self) -> Result<Data, Infallible> {
                Ok(Data::from(self))
            }
        }
    )*};
}

/// Owned bytes of other types, without a copy.
macro_rules! owned {
    ($($type:ty: $value:ident => $into:expr, $content_type:expr,)*) => {$(
        impl Encode for $type {
            type Error = Infallible;

            fn content_type(&self) -> Option<&'static str> {
                $content_type
            }

            fn encode(self) -> Result<Data, Infallible> {
                let $value = self;
                Ok(Data::from($into))
            }
        }
    )*};
}

owned! {
    Box<str>: text => text.into_string(), TEXT,
    Box<[u8]>: bytes => bytes.into_vec(), BINARY,
    BytesMut: bytes => bytes.freeze(), BINARY,
}

impl<const COUNT: usize> Encode for [u8; COUNT] {
    type Error = Infallible;

    fn content_type(&self) -> Option<&'static str> {
        BINARY
    }

    fn encode(self) -> Result<Data, Infallible> {
        Ok(Data::from(&self[..]))
    }
}

impl<const COUNT: usize> Encode for &[u8; COUNT] {
    type Error = Infallible;

    fn content_type(&self) -> Option<&'static str> {
        BINARY
    }

    fn encode(self) -> Result<Data, Infallible> {
        Ok(Data::from(&self[..]))
    }
}

/// Without a copy where the bytes are owned.
macro_rules! maybe_borrowed {
    ($($type:ty => $content_type:expr,)*) => {$(
        impl Encode for Cow<'_, $type> {
            type Error = Infallible;

            fn content_type(&self) -> Option<&'static str> {
                $content_type
            }

            fn encode(self) -> Result<Data, Infallible> {
                Ok(Data::from(self.into_owned()))
            }
        }
    )*};
}

maybe_borrowed! {
    str => TEXT,
    [u8] => BINARY,
}

const TEXT: Option<&str> = Some("text/plain; charset=utf-8");
const BINARY: Option<&str> = Some("application/octet-stream");

as_they_are! {
    // A handle says nothing of its bytes' type: the handler does, or nobody.
    Data => None,
    Vec<u8> => BINARY,
    &[u8] => BINARY,
    Bytes => BINARY,
    String => TEXT,
    &str => TEXT,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text that is not UTF-8 is refused with the place of the first bad byte.
    #[test]
    fn text_must_be_utf8() {
        let error = String::decode(Data::from(&b"ab\xff"[..])).unwrap_err();
        assert_eq!(error.detail(), "not UTF-8 at byte 2");
        assert_eq!(String::decode(Data::from("é")).unwrap(), "é");
    }

    /// Each type brings the content type that fits its bytes.
    #[test]
    fn content_types() {
        assert_eq!("x".content_type(), Some("text/plain; charset=utf-8"));
        assert_eq!(
            String::new().content_type(),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(Vec::new().content_type(), Some("application/octet-stream"));
        assert_eq!(Data::default().content_type(), None);
    }
}
