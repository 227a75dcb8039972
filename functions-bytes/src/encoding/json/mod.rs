//! JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wrapper::{Text, wrapper};
use super::{DecodeError, Encode, EncodeError, words};
use crate::Data;

/// A value as JSON: decodes a body into `T`, and encodes `T` into a body.
///
/// ```
/// use functions_bytes::Data;
/// use functions_bytes::encoding::{Encode, Decode, Json};
///
/// let Json(numbers) = Json::<Vec<u32>>::decode(Data::from("[1, 2]"))?;
/// assert_eq!(numbers, [1, 2]);
///
/// let body = Json(numbers).encode()?;
/// assert_eq!(body.into_bytes()?, b"[1,2]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The sender of a body that does not fit learns what is wrong and where, without the names of Rust
/// types:
///
/// ```
/// use functions_bytes::Data;
/// use functions_bytes::encoding::{Decode, Json};
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Order {
///     amounts: Vec<u8>,
/// }
///
/// let error = Json::<Order>::decode(Data::from(r#"{"amounts":[1,"two"]}"#)).unwrap_err();
/// assert_eq!(
///     error.detail(),
///     r#"amounts[1]: invalid type: string "two", expected an integer from 0 to 255 at line 1 column 19"#
/// );
/// # let _ = |order: Order| order.amounts;
/// ```
///
/// serde_json decodes and encodes. Its features, such as `arbitrary_precision`, `float_roundtrip`
/// and `raw_value`, work as with serde_json itself when your `Cargo.toml` turns them on.
///
/// # Errors
///
/// Decoding fails when the body is longer than [`Json::LIMIT`], is not JSON, is nested deeper than 127
/// lists and objects, or is JSON of another shape than `T`'s; encoding, when `T` has no form in JSON, such as a map whose keys are lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Json<T>(pub T);

wrapper!(Json, DeserializeOwned);

impl<T: DeserializeOwned> Json<T> {
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let mut track = serde_path_to_error::Track::new();
        let tracked = serde_path_to_error::Deserializer::new(&mut deserializer, &mut track);
        match T::deserialize(tracked) {
            Ok(value) => match deserializer.end() {
                Ok(()) => Ok(Self(value)),
                Err(error) => Err(refused(&error, None)),
            },
            Err(error) => Err(refused(&error, Some(&track.path()))),
        }
    }
}

/// Outside of `Json<T>`, so that it is compiled once and not for every `T`.
#[cold]
fn refused(error: &serde_json::Error, path: Option<&serde_path_to_error::Path>) -> DecodeError {
    let mut message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let has_place = message.ends_with(&place);
    if has_place {
        message.truncate(message.len() - place.len());
    }
    let mut detail = path.map(words::path).unwrap_or_default();
    detail.push_str(&words::message(message));
    if has_place {
        detail.push_str(&place);
    }
    DecodeError::new("JSON", detail.clone(), Text(detail))
}

impl<T: Serialize> Encode for Json<T> {
    type Error = EncodeError;

    fn content_type(&self) -> Option<&'static str> {
        Some("application/json")
    }

    fn encode(self) -> Result<Data, EncodeError> {
        serde_json::to_vec(&self.0)
            .map(Data::from)
            .map_err(|error| EncodeError::new("JSON", Text(error)))
    }
}

/// Any JSON.
///
/// ```
/// use functions_bytes::encoding::Encode;
///
/// let body = serde_json::json!({ "name": "Ada" }).encode()?;
/// assert_eq!(body.into_bytes()?, br#"{"name":"Ada"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "json")))]
impl Encode for serde_json::Value {
    type Error = EncodeError;

    fn content_type(&self) -> Option<&'static str> {
        Json(self).content_type()
    }

    fn encode(self) -> Result<Data, EncodeError> {
        Json(self).encode()
    }
}

#[cfg(test)]
mod tests;
