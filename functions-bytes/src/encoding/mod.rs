//! Bodies as types: [`Decode`] decodes one, [`Encode`] makes one.

#[cfg(feature = "cbor")]
mod cbor;
mod error;
#[cfg(feature = "fields")]
pub(crate) mod fields;
#[cfg(feature = "form")]
mod form;
mod html;
#[cfg(feature = "json")]
mod json;
mod limit;
#[cfg(feature = "msgpack")]
mod msgpack;
mod plain;
#[cfg(feature = "protobuf")]
mod protobuf;
#[cfg(all(test, any(feature = "cbor", feature = "msgpack")))]
mod samples;
#[cfg(any(
    feature = "cbor",
    feature = "fields",
    feature = "json",
    feature = "msgpack"
))]
mod words;
#[cfg(any(
    feature = "cbor",
    feature = "form",
    feature = "json",
    feature = "msgpack",
    feature = "protobuf"
))]
mod wrapper;

use std::error::Error;

#[cfg(feature = "cbor")]
#[cfg_attr(docsrs, doc(cfg(feature = "cbor")))]
pub use cbor::Cbor;
pub use error::{DecodeError, EncodeError};
#[cfg(feature = "form")]
#[cfg_attr(docsrs, doc(cfg(feature = "form")))]
pub use form::Form;
pub use html::Html;
#[cfg(feature = "json")]
#[cfg_attr(docsrs, doc(cfg(feature = "json")))]
pub use json::Json;
pub use limit::Limited;
#[cfg(feature = "msgpack")]
#[cfg_attr(docsrs, doc(cfg(feature = "msgpack")))]
pub use msgpack::MsgPack;
#[cfg(feature = "protobuf")]
#[cfg_attr(docsrs, doc(cfg(feature = "protobuf")))]
pub use protobuf::Protobuf;

use crate::Data;

/// A type that a body can be decoded into.
///
/// Implement it for an encoding of your own:
///
/// ```
/// use functions_bytes::Data;
/// use functions_bytes::encoding::{DecodeError, Decode};
///
/// /// A body of numbers, separated by commas.
/// struct Numbers(Vec<u32>);
///
/// impl Decode for Numbers {
///     type Error = DecodeError;
///
///     fn decode(data: Data) -> Result<Self, DecodeError> {
///         String::decode(data)?
///             .split(',')
///             .map(|number| number.trim().parse())
///             .collect::<Result<_, _>>()
///             .map(Self)
///             .map_err(|error| DecodeError::new("numbers", "expected numbers and commas", error))
///     }
/// }
///
/// assert_eq!(Numbers::decode(Data::from("1, 2"))?.0, [1, 2]);
/// assert!(Numbers::decode(Data::from("1, two")).is_err());
/// # Ok::<(), DecodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a body cannot be decoded into `{Self}`",
    label = "not an encoding",
    note = "wrap the type in an encoding, such as `Json<{Self}>`, or take `Data`, `Vec<u8>` or `String`"
)]
pub trait Decode: Sized {
    /// Why a body is not of this type.
    type Error: Error + Send + Sync + 'static;

    /// Decodes a body.
    ///
    /// # Errors
    ///
    /// When the body cannot be read, or is not what the encoding asks for.
    fn decode(data: Data) -> Result<Self, Self::Error>;

    /// [`decode`](Self::decode), under its name in Momento Functions.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    #[deprecated(since = "0.1.0", note = "use `decode`")]
    fn extract(data: Data) -> Result<Self, Self::Error> {
        Self::decode(data)
    }
}

/// [`Decode`], under its name in Momento Functions.
#[doc(no_inline)]
pub use Decode as Extract;
/// [`DecodeUpTo`], under its earlier name.
#[doc(no_inline)]
pub use DecodeUpTo as ExtractUpTo;

/// An encoding whose limit can be set, with [`Limited`].
///
/// ```
/// use functions_bytes::Data;
/// use functions_bytes::encoding::{DecodeError, Decode, DecodeUpTo, Limited};
///
/// /// A text in capitals.
/// struct Loud(String);
///
/// impl Decode for Loud {
///     type Error = DecodeError;
///
///     fn decode(data: Data) -> Result<Self, DecodeError> {
///         Self::decode_up_to(data, 1024)
///     }
/// }
///
/// impl DecodeUpTo for Loud {
///     fn decode_up_to(data: Data, limit: u64) -> Result<Self, DecodeError> {
///         Ok(Self(String::decode_up_to(data, limit)?.to_uppercase()))
///     }
/// }
///
/// let Limited(Loud(text)) = Limited::<Loud, 16>::decode(Data::from("hello"))?;
/// assert_eq!(text, "HELLO");
/// # Ok::<(), DecodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "the limit of `{Self}` cannot be set",
    label = "not an encoding with a limit",
    note = "limit an encoding, such as `Limited<Json<{Self}>, 1024>`, or `Vec<u8>` or `String`"
)]
pub trait DecodeUpTo: Decode {
    /// Decodes a body of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// As [`decode`](Decode::decode), with `limit` instead of the encoding's own.
    fn decode_up_to(data: Data, limit: u64) -> Result<Self, Self::Error>;
}

/// A type that can be encoded as a body.
#[diagnostic::on_unimplemented(
    message = "a body cannot be made of `{Self}`",
    label = "not an encoding",
    note = "wrap the value in an encoding, such as `Json(value)` (which needs `serde::Serialize`), or give `Data`, `Vec<u8>` or `String`"
)]
pub trait Encode {
    /// Why a value could not be encoded.
    type Error: Error + Send + Sync + 'static;

    /// The media type of the bytes, where there is one: `application/json`.
    fn content_type(&self) -> Option<&'static str>;

    /// Makes the body.
    ///
    /// # Errors
    ///
    /// When the value has no form in this encoding.
    fn encode(self) -> Result<Data, Self::Error>;
}

#[cfg(test)]
mod tests {
    use super::{Extract, ExtractUpTo};
    use crate::Data;

    /// Code that uses the earlier names compiles.
    #[test]
    #[expect(deprecated, reason = "the names of before")]
    fn earlier_names_work() {
        fn decode<T: Extract>(body: &str) -> Option<T> {
            T::extract(Data::from(body)).ok()
        }
        fn up_to<T: ExtractUpTo>(limit: u64) -> bool {
            T::decode_up_to(Data::from("12345"), limit).is_ok()
        }
        assert_eq!(decode::<String>("text").as_deref(), Some("text"));
        assert_eq!((up_to::<String>(4), up_to::<String>(5)), (false, true));
    }
}
