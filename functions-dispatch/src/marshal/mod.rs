//! Values as `Any`, as the other SDKs of Dispatch have them.

#[cfg(feature = "json")]
mod json;
mod lists;
#[cfg(feature = "prost")]
mod protobuf;
mod scalars;
#[cfg(test)]
mod tests;
mod times;
mod value;

pub use value::Value;

use crate::{Any, Error};

/// What can be the input or output of a function.
///
/// | value | type in the message |
/// |---|---|
/// | `()` | `Empty` |
/// | `bool`, `str`, `String` | `BoolValue`, `StringValue` |
/// | signed integers | `Int64Value` |
/// | unsigned integers | `UInt64Value` |
/// | `f32`, `f64` | `DoubleValue` |
/// | `[u8]`, `Vec<u8>` | `BytesValue` |
/// | `SystemTime`, `Duration` | `Timestamp`, `Duration` |
/// | `Vec<T>`, `BTreeMap<String, T>` | `Value`: a list or a struct, whose numbers are doubles |
/// | `Json<T>` | `Value` |
/// | `Protobuf<M>`, with the feature `prost` | the message itself |
/// | [`Any`] | what it has |
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the input or output of a Dispatch function",
    label = "has no type in messages of Dispatch",
    note = "use a number, text, bytes, a list, a map with `String` keys, or `Json<T>`, which needs `T: serde::Serialize`"
)]
pub trait Marshal {
    /// Writes the value.
    ///
    /// # Errors
    ///
    /// The value cannot be written without a loss.
    fn marshal(&self) -> Result<Any, Error>;

    /// Writes a list of values: bytes are not a list of numbers.
    #[doc(hidden)]
    fn marshal_list(list: &[Self]) -> Result<Any, Error>
    where
        Self: Sized,
    {
        lists::marshal_list(list)
    }
}

/// What the input or output of a function can be read as; see [`Marshal`].
///
/// Reading is strict: a number that does not fit, or not without a loss, is an error, and so is another type.
#[diagnostic::on_unimplemented(
    message = "the input or output of a Dispatch function cannot be read as `{Self}`",
    label = "has no type in messages of Dispatch",
    note = "use a number, text, bytes, a list, a map with `String` keys, or `Json<T>`, which needs `T: serde::Deserialize`"
)]
pub trait Unmarshal: Sized {
    /// Reads a value.
    ///
    /// # Errors
    ///
    /// - The value has another type, or is malformed.
    /// - The number does not fit.
    fn unmarshal(any: &Any) -> Result<Self, Error>;

    /// Reads a member of a list or map, whose numbers are doubles.
    #[doc(hidden)]
    fn from_value(value: Value) -> Result<Self, Error> {
        Self::unmarshal(&value.marshal()?)
    }

    /// Reads a list of values: bytes are not a list of numbers.
    #[doc(hidden)]
    fn unmarshal_list(any: &Any) -> Result<Vec<Self>, Error> {
        lists::unmarshal_list(any)
    }
}

/// Writes a value as [`Any`].
///
/// # Errors
///
/// The value cannot be written without a loss.
pub fn marshal<T: Marshal + ?Sized>(value: &T) -> Result<Any, Error> {
    value.marshal()
}

/// Reads a value from [`Any`].
///
/// # Errors
///
/// - The value has another type, or is malformed.
/// - The number does not fit.
pub fn unmarshal<T: Unmarshal>(any: &Any) -> Result<T, Error> {
    T::unmarshal(any)
}

fn wrong_type(expected: &'static str, any: &Any) -> Error {
    Error::WrongType {
        expected,
        found: any.type_name().to_owned(),
    }
}

impl<T: Marshal + ?Sized> Marshal for &T {
    fn marshal(&self) -> Result<Any, Error> {
        T::marshal(self)
    }
}

impl Marshal for Any {
    fn marshal(&self) -> Result<Any, Error> {
        Ok(self.clone())
    }
}

impl Unmarshal for Any {
    fn unmarshal(any: &Any) -> Result<Self, Error> {
        Ok(any.clone())
    }
}
