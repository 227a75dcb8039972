//! Bodies as types: [`Extract`] decodes one, [`Encode`] makes one.

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
/// use functions_bytes::encoding::{DecodeError, Extract};
///
/// /// A body of numbers, separated by commas.
/// struct Numbers(Vec<u32>);
///
/// impl Extract for Numbers {
///     type Error = DecodeError;
///
///     fn extract(data: Data) -> Result<Self, DecodeError> {
///         String::extract(data)?
///             .split(',')
///             .map(|number| number.trim().parse())
///             .collect::<Result<_, _>>()
///             .map(Self)
///             .map_err(|error| DecodeError::new("numbers", "expected numbers and commas", error))
///     }
/// }
///
/// assert_eq!(Numbers::extract(Data::from("1, 2"))?.0, [1, 2]);
/// assert!(Numbers::extract(Data::from("1, two")).is_err());
/// # Ok::<(), DecodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a body cannot be decoded into `{Self}`",
    label = "not an encoding",
    note = "wrap the type in an encoding, such as `Json<{Self}>`, or take `Data`, `Vec<u8>` or `String`"
)]
pub trait Extract: Sized {
    /// Why a body is not of this type.
    type Error: Error + Send + Sync + 'static;

    /// Decodes a body.
    ///
    /// # Errors
    ///
    /// When the body cannot be read, or is not what the encoding asks for.
    fn extract(data: Data) -> Result<Self, Self::Error>;
}

/// An encoding whose limit can be set, with [`Limited`].
///
/// ```
/// use functions_bytes::Data;
/// use functions_bytes::encoding::{DecodeError, Extract, ExtractUpTo, Limited};
///
/// /// A text in capitals.
/// struct Loud(String);
///
/// impl Extract for Loud {
///     type Error = DecodeError;
///
///     fn extract(data: Data) -> Result<Self, DecodeError> {
///         Self::extract_up_to(data, 1024)
///     }
/// }
///
/// impl ExtractUpTo for Loud {
///     fn extract_up_to(data: Data, limit: u64) -> Result<Self, DecodeError> {
///         Ok(Self(String::extract_up_to(data, limit)?.to_uppercase()))
///     }
/// }
///
/// let Limited(Loud(text)) = Limited::<Loud, 16>::extract(Data::from("hello"))?;
/// assert_eq!(text, "HELLO");
/// # Ok::<(), DecodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "the limit of `{Self}` cannot be set",
    label = "not an encoding with a limit",
    note = "limit an encoding, such as `Limited<Json<{Self}>, 1024>`, or `Vec<u8>` or `String`"
)]
pub trait ExtractUpTo: Extract {
    /// Decodes a body of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// As [`extract`](Extract::extract), with `limit` in the place of the encoding's own.
    fn extract_up_to(data: Data, limit: u64) -> Result<Self, Self::Error>;
}

/// A type that a body can be made of.
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
