use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wrapper::{Text, wrapper};
use super::{DecodeError, Encode, EncodeError, fields};
use crate::Data;

/// A value as the fields of an HTML form (`application/x-www-form-urlencoded`).
///
/// `T` is a struct or a map. Its fields are texts, numbers, booleans and the like, `Option`s of
/// them, and `Vec`s of them for fields that may come more than once. An empty field is an empty text in
/// an `Option<String>`, and `None` for an `Option` of a number or a `bool`. A map of single values takes
/// the last of several fields of one name. An `#[serde(untagged)]` enum gets the text only: a variant with
/// a number never fits.
///
/// ```
/// use functions_bytes::Data;
/// use functions_bytes::encoding::{Encode, Decode, Form};
///
/// #[derive(serde::Deserialize, serde::Serialize)]
/// struct Search {
///     text: String,
///     tag: Vec<String>,
///     page: Option<u32>,
/// }
///
/// let Form(search) = Form::<Search>::decode(Data::from("text=a+b&tag=x&tag=y"))?;
/// assert_eq!(search.text, "a b");
/// assert_eq!(search.tag, ["x", "y"]);
/// assert_eq!(search.page, None);
///
/// let body = Form(search).encode()?;
/// assert_eq!(body.into_bytes()?, b"text=a+b&tag=x&tag=y");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Decoding fails when the body is longer than [`Form::LIMIT`], or its fields are not `T`'s, and names
/// the field that is wrong. A type that no form fits, such as a struct in a struct or a number below
/// `#[serde(flatten)]`, is the author's fault: a handler with such an argument answers 500;
/// encoding, when `T` has no form as fields, such as a struct in a struct.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Form<T>(pub T);

wrapper!(Form, DeserializeOwned);

impl<T: DeserializeOwned> Form<T> {
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        fields::decode(bytes)
            .map(Self)
            .map_err(|error| DecodeError::new("form", error.to_string(), error))
    }
}

impl<T: Serialize> Encode for Form<T> {
    type Error = EncodeError;

    fn content_type(&self) -> Option<&'static str> {
        Some("application/x-www-form-urlencoded")
    }

    fn encode(self) -> Result<Data, EncodeError> {
        serde_html_form::to_string(&self.0)
            .map(Data::from)
            .map_err(|error| EncodeError::new("form", Text(error)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::encoding::Decode;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Fields {
        text: String,
        number: i64,
        float: f64,
        flag: bool,
        list: Vec<String>,
        maybe: Option<u8>,
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        /// What is encoded is decoded as it was.
        #[test]
        fn round_trip(
            text: String,
            number: i64,
            float in -1e300..1e300_f64,
            flag: bool,
            list in proptest::collection::vec(any::<String>(), 1..4),
            maybe: Option<u8>,
        ) {
            let fields = Fields { text, number, float, flag, list, maybe };
            let body = Form(&fields).encode().unwrap();
            prop_assert_eq!(Form::<Fields>::decode(body).unwrap().0, fields);
        }

        /// Any bytes are fields or an error, never a panic.
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = Form::<Fields>::decode(Data::from(&*bytes));
            let _ = Form::<BTreeMap<String, Vec<String>>>::decode(Data::from(bytes));
        }
    }

    /// What is wrong reaches the one who sent the body.
    #[test]
    fn detail_says_what() {
        let detail = |body: &str| {
            Form::<Fields>::decode(Data::from(body))
                .unwrap_err()
                .detail()
        };
        assert_eq!(detail("text=x"), "the field `number` is missing");
        assert_eq!(
            detail("text=x&text=y"),
            "the field `text` is given more than once"
        );
        assert_eq!(
            detail("number=x"),
            "the field `number` is not a whole number in range"
        );
    }

    /// An empty field is an empty text, where a text may be left out, and no number.
    #[test]
    fn empty_fields() {
        type Pair = (Option<String>, Option<u8>);
        #[derive(Deserialize)]
        struct Blank {
            name: Option<String>,
            page: Option<u8>,
        }
        for (body, expected) in [
            ("name=&page=", (Some(String::new()), None)),
            ("", (None, None)),
        ] {
            let Form(blank) = Form::<Blank>::decode(Data::from(body)).unwrap();
            let read: Pair = (blank.name, blank.page);
            assert_eq!(read, expected, "{body}");
        }
    }

    /// A value without a form as fields is an error, not a panic.
    #[test]
    fn unencodable_is_an_error() {
        let nested = BTreeMap::from([("a", BTreeMap::from([("b", 1)]))]);
        let error = Form(nested).encode().unwrap_err();
        assert_eq!(error.to_string(), "the value cannot be encoded as form");
    }
}
