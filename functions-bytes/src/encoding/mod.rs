//! Bodies as types: [`Extract`] decodes one, [`Encode`] makes one.

mod error;
#[cfg(feature = "json")]
mod json;
mod plain;
#[cfg(feature = "json")]
mod words;

use std::error::Error;

pub use error::{DecodeError, EncodeError};
#[cfg(feature = "json")]
pub use json::Json;

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
