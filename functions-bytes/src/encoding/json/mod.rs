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
mod words;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wrapper::{Text, wrapper};
use super::{DecodeError, Encode, EncodeError};
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
/// Decoding fails when the body is longer than [`Json::LIMIT`], is no JSON, is nested deeper than 127
/// lists and objects, or is JSON of another shape than `T`'s; encoding, when `T` has no form in JSON, such as a map whose keys are lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Json<T>(pub T);

wrapper!(Json, DeserializeOwned);

impl<T: DeserializeOwned> Json<T> {
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode::decode(bytes)
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
mod tests {
    use std::collections::BTreeMap;
    use std::error::Error as _;

    use super::*;
    use crate::ReadError;
    use crate::encoding::Extract;

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

    /// A body built in place needs no annotation, whether it is returned or passed on.
    #[test]
    fn constructor_infers() {
        #[derive(serde::Serialize)]
        struct Body {
            message: &'static str,
        }
        fn returned() -> Json<Body> {
            Json(Body { message: "ok" })
        }
        fn passed(body: impl Encode) -> Option<&'static str> {
            body.content_type()
        }
        assert_eq!(passed(Json(Body { message: "ok" })), passed(returned()));
        assert_eq!(passed(serde_json::Value::Null), Some("application/json"));
    }

    /// A value without a form in JSON is an error, not a panic.
    #[test]
    fn unencodable_is_an_error() {
        let error = Json(BTreeMap::from([(vec![1], 2)])).encode().unwrap_err();
        assert_eq!(error.to_string(), "the value cannot be encoded as JSON");
    }
}
