//! JSON.

mod access;
mod decode;
#[cfg(test)]
mod details;
#[cfg(test)]
mod differential;
mod error;
mod key;
mod source;
mod text;
mod value;

use std::ops::{Deref, DerefMut};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Text;
use super::{DecodeError, Encode, EncodeError, Extract};
use crate::Data;

/// A value as JSON: decodes a body into `T`, and encodes `T` into a body.
///
/// ```
/// use functions_bytes::Data;
/// use functions_bytes::encoding::{Encode, Extract, Json};
///
/// let Json(numbers) = Json::<Vec<u32>>::extract(Data::from("[1, 2]"))?;
/// assert_eq!(numbers, [1, 2]);
///
/// let body = Json(numbers).encode()?;
/// assert_eq!(body.into_bytes()?, b"[1,2]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Whoever sent a body that does not fit is told what is wrong and where, in JSON's words:
///
/// ```
/// use functions_bytes::Data;
/// use functions_bytes::encoding::{Extract, Json};
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Order {
///     amounts: Vec<u8>,
/// }
///
/// let error = Json::<Order>::extract(Data::from(r#"{"amounts":[1,"two"]}"#)).unwrap_err();
/// assert_eq!(
///     error.detail(),
///     r#"invalid type: string "two", expected an integer from 0 to 255 at amounts[1], line 1 column 19"#
/// );
/// # let _ = |order: Order| order.amounts;
/// ```
///
/// What is decoded is what serde_json decodes, floats to the last bit. Of its features,
/// `raw_value` works as with serde_json itself; `arbitrary_precision` has no effect on decoding.
///
/// # Errors
///
/// Decoding fails when the body is longer than [`Json::LIMIT`], is no JSON, or is JSON of another
/// shape than `T`'s; encoding, when `T` has no form in JSON, such as a map whose keys are lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Json<T>(pub T);

impl<T> Json<T> {
    /// The longest body that is decoded, in bytes: 2 MiB. A longer one is refused before it is
    /// copied into the function.
    pub const LIMIT: u64 = 2 * 1024 * 1024;
}

impl<T: DeserializeOwned> Extract for Json<T> {
    type Error = DecodeError;

    fn extract(data: Data) -> Result<Self, DecodeError> {
        let bytes = data.into_bytes_up_to(Self::LIMIT)?;
        decode::decode(&bytes)
            .map(Self)
            .map_err(|error| DecodeError::new("JSON", error.to_string(), error))
    }
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

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::error::Error as _;

    use super::*;
    use crate::ReadError;

    #[derive(Debug, serde::Deserialize)]
    struct Named {
        #[expect(dead_code, reason = "only decoded")]
        name: String,
    }

    /// What is wrong and where reaches the one who sent the body.
    #[test]
    fn detail_says_what_and_where() {
        let error = Json::<Named>::extract(Data::from(r#"{"nam":1}"#)).unwrap_err();
        assert_eq!(error.detail(), "missing field `name` at line 1 column 9");
        let error = Json::<Named>::extract(Data::from("not json")).unwrap_err();
        assert_eq!(error.detail(), "expected ident at line 1 column 2");
        assert!(error.source().is_some(), "the cause is kept for the log");
    }

    /// The limit lets through a body that is just as long, and refuses one byte more.
    #[test]
    fn limit_is_inclusive() {
        let limit = usize::try_from(Json::<String>::LIMIT).unwrap();
        for (length, fits) in [(limit - 1, true), (limit, true), (limit + 1, false)] {
            let body = format!("\"{}\"", "x".repeat(length - 2));
            let decoded = Json::<String>::extract(Data::from(body));
            match decoded {
                Ok(_) => assert!(fits),
                Err(error) => {
                    assert!(!fits);
                    let limit = Json::<String>::LIMIT;
                    assert_eq!(error.read_error(), Some(&ReadError::TooLarge { limit }));
                }
            }
        }
    }

    /// A value without a form in JSON is an error, not a panic.
    #[test]
    fn unencodable_is_an_error() {
        let error = Json(BTreeMap::from([(vec![1], 2)])).encode().unwrap_err();
        assert_eq!(error.to_string(), "the value cannot be encoded as JSON");
    }
}
