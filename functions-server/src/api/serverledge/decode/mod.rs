//! Decodes bodies as Go's `encoding/json` does, on which the clients rely.
//!
//! Keys match in any case, unknown ones are ignored, null and missing values are zero values, only the
//! first JSON value of a body is read, and an empty body counts as `{}`. Values are checked, and parsed only
//! where they are used: so they may nest as deep as Go allows, without a stack that grows with that.

mod depth;
mod text;

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use depth::depth;

/// How deep a body may nest, which is Go's limit.
const MAX_DEPTH: usize = 10_000;

/// How deep serde_json parses.
const PARSED_DEPTH: usize = 127;

/// A body is invalid. The clients do not show why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Invalid;

/// The members of a body, in its order.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Invalid> {
        let body = text::valid(body);
        let mut values = serde_json::Deserializer::from_str(&body).into_iter::<Option<Self>>();
        let Some(first) = values.next() else {
            return Ok(Self::default());
        };
        let fields = first.map(Option::unwrap_or_default).map_err(|_| Invalid)?;
        // The body itself is a level.
        let mut members = fields.0.iter();
        match members.any(|(_, value)| depth(value.get()) >= MAX_DEPTH) {
            true => Err(Invalid),
            false => Ok(fields),
        }
    }

    /// All values of a key but null. The last counts, but each has to be valid.
    fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        let of_key = self.0.iter();
        let of_key = of_key.filter(move |(name, _)| name.eq_ignore_ascii_case(key));
        let values = of_key.map(|(_, value)| value.get());
        values.filter(|value| *value != "null")
    }

    fn last<'a, T: Default>(
        &'a self,
        key: &str,
        convert: impl Fn(&'a str) -> Option<T>,
    ) -> Result<T, Invalid> {
        self.all(key)
            .try_fold(T::default(), |_, value| convert(value).ok_or(Invalid))
    }

    pub(super) fn text(&self, key: &str) -> Result<Cow<'_, str>, Invalid> {
        self.last(key, |value| match serde_json::from_str(value) {
            // Without escapes, as code in base64, it is not copied.
            Ok(text) => Some(Cow::Borrowed(text)),
            Err(_) => serde_json::from_str(value).ok().map(Cow::Owned),
        })
    }

    pub(super) fn integer(&self, key: &str) -> Result<i64, Invalid> {
        self.last(key, parsed)
    }

    pub(super) fn number(&self, key: &str) -> Result<f64, Invalid> {
        self.last(key, parsed)
    }

    pub(super) fn boolean(&self, key: &str) -> Result<bool, Invalid> {
        self.last(key, parsed)
    }

    /// An object as JSON text, as Go writes it again; as it was sent, if it nests deeper than can be parsed.
    /// `None` if it is missing or null.
    pub(super) fn object(&self, key: &str) -> Result<Option<String>, Invalid> {
        self.last(key, |value| {
            if !value.starts_with('{') {
                return None;
            }
            match depth(value) > PARSED_DEPTH {
                true => Some(Some(value.to_owned())),
                false => Some(Some(parsed::<Value>(value)?.to_string())),
            }
        })
    }

    /// Checks that a key that is not used has a value of its type, which begins with this character.
    pub(super) fn check(&self, key: &str, begin: char) -> Result<(), Invalid> {
        if self.all(key).all(|value| value.starts_with(begin)) {
            return Ok(());
        }
        Err(Invalid)
    }
}

fn parsed<'a, T: Deserialize<'a>>(value: &'a str) -> Option<T> {
    serde_json::from_str(value).ok()
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    if fields.len() == MAX_FIELDS {
                        return Err(A::Error::custom("too many members"));
                    }
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// How many members a body has at most; the clients send eleven.
const MAX_FIELDS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    /// Bodies are decoded as Go decodes them.
    #[test]
    fn bodies_are_decoded_as_go_does() {
        let text = |body: &str| {
            let fields = Fields::parse(body.as_bytes())?;
            fields.text("Name").map(Cow::into_owned)
        };
        for (body, name) in [
            ("", Ok("")),
            ("  \n", Ok("")),
            ("{}", Ok("")),
            ("null", Ok("")),
            (r#"{"Name":"f"}"#, Ok("f")),
            (r#"{"nAmE":"f","other":[1]}"#, Ok("f")),
            (r#"{"name":"g","Name":"f"}"#, Ok("f")),
            (r#"{"Name":"f","Name":null}"#, Ok("f")),
            (r#"{"Name":null}"#, Ok("")),
            (r#"{"Name":"f"} trailing"#, Ok("f")),
            (r#"{"Name":"f"}{"Name":"g"}"#, Ok("f")),
            (r#"{"Name":1}"#, Err(Invalid)),
            (r#"{"Name":1,"Name":"f"}"#, Err(Invalid)),
            (r#"{"Name":"f""#, Err(Invalid)),
            ("[]", Err(Invalid)),
            ("\"f\"", Err(Invalid)),
            ("name=f", Err(Invalid)),
            ("{\"Name\":\"\u{0}\"}", Err(Invalid)),
        ] {
            assert_eq!(text(body).as_deref(), name.as_ref().copied(), "{body}");
        }
    }

    /// Invalid Unicode is replaced, as Go does.
    #[test]
    fn invalid_text_is_replaced() {
        let text = |body: &[u8]| Fields::parse(body)?.text("n").map(Cow::into_owned);
        for (body, expected) in [
            (
                &b"{\"n\":\"a\xffb\xe2\x82c\"}"[..],
                "a\u{fffd}b\u{fffd}\u{fffd}c",
            ),
            (br#"{"n":"\ud800"}"#, "\u{fffd}"),
            (br#"{"n":"\uDC00x"}"#, "\u{fffd}x"),
            (br#"{"n":"\ud83d\ude00"}"#, "\u{1f600}"),
            (br#"{"n":"\ud83d\u0041"}"#, "\u{fffd}A"),
            (br#"{"n":"\ud83d\ud83d\ude00"}"#, "\u{fffd}\u{1f600}"),
            (br#"{"n":"\\ud800"}"#, "\\ud800"),
            (br#"{"n":"\u00e9"}"#, "\u{e9}"),
        ] {
            assert_eq!(text(body).as_deref(), Ok(expected));
        }
        for body in [
            &b"\xff{}"[..],
            br#"{"n":"\ud8"}"#,
            br#"{"n":"\u"}"#,
            br#"{"n":"\"#,
        ] {
            assert_eq!(text(body), Err(Invalid));
        }
    }

    /// A number of another type is an error, and a missing one is zero.
    #[test]
    fn numbers_have_their_types() {
        let integer = |body: &str| Fields::parse(body.as_bytes())?.integer("n");
        assert_eq!(integer(r#"{"N":128}"#), Ok(128));
        assert_eq!(integer("{}"), Ok(0));
        for body in [
            r#"{"n":"128"}"#,
            r#"{"n":128.5}"#,
            r#"{"n":1e400}"#,
            r#"{"n":true}"#,
        ] {
            assert_eq!(integer(body), Err(Invalid), "{body}");
        }
        let number = |body: &str| Fields::parse(body.as_bytes())?.number("n");
        assert_eq!(number(r#"{"n":1}"#), Ok(1.0));
        assert_eq!(number(r#"{"n":-0.5}"#), Ok(-0.5));
    }

    /// Parameters are an object, or none.
    #[test]
    fn objects_are_kept_as_text() {
        let object = |body: &str| Fields::parse(body.as_bytes())?.object("Params");
        assert_eq!(
            object(r#"{"params":{"a":1}}"#),
            Ok(Some(r#"{"a":1}"#.into()))
        );
        assert_eq!(object(r#"{"params":{}}"#), Ok(Some("{}".into())));
        assert_eq!(object(r#"{"params":null}"#), Ok(None));
        assert_eq!(object(r#"{"params":[]}"#), Err(Invalid));
    }

    /// Values nest as deep as Go's decoder takes them, and no stack grows with that.
    #[test]
    fn values_nest_as_deep_as_in_go() {
        let nested = |key: &str, levels: usize| {
            // Two are the body and the object.
            let (open, close) = ("[".repeat(levels - 2), "]".repeat(levels - 2));
            format!("{{\"{key}\": {{\"a\": {open}{close}}}}}")
        };
        let object = |body: String| Fields::parse(body.as_bytes())?.object("Params");
        for levels in [3, 126, 127, 128, 129, 5000, 10_000] {
            let params = object(nested("params", levels)).unwrap().unwrap();
            assert_eq!(depth(&params), levels - 1);
        }
        for levels in [10_001, 1_000_000] {
            assert_eq!(object(nested("params", levels)), Err(Invalid));
            assert_eq!(object(nested("other", levels)), Err(Invalid));
        }
        assert_eq!(object(nested("other", 10_000)), Ok(None));
        assert_eq!(object("[".repeat(1_000_000)), Err(Invalid));
        assert_eq!(
            object(format!("{{\"a\":{}", "[".repeat(1_000_000))),
            Err(Invalid)
        );
    }
}
