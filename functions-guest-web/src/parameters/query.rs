use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::value::SeqDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::Error;
use super::named::Named;
use super::value::Value;
use super::values::Values;

/// Decodes a query: `a=1&b=2`, `+` for a space, percent-encoded.
///
/// Not with a library: the one there is brings a hash map, and with it a WASI import for its seed,
/// and does not say which parameter is wrong. What comes out of it is the same, and tested to be.
pub(crate) fn decode<T: DeserializeOwned>(query: &str) -> Result<T, Error> {
    T::deserialize(Query(query))
}

struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    fn pairs(&self) -> form_urlencoded::Parse<'a> {
        form_urlencoded::parse(self.0.as_bytes())
    }

    /// The values of each name, in their order.
    fn grouped(&self) -> BTreeMap<Cow<'a, str>, Vec<Cow<'a, str>>> {
        let mut grouped = BTreeMap::<_, Vec<_>>::new();
        for (name, value) in self.pairs() {
            grouped.entry(name).or_default().push(value);
        }
        grouped
    }
}

impl<'de> Deserializer<'de> for Query<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let all = self.grouped().into_iter();
        visitor.visit_map(Named::new(all.map(|(name, all)| (name, Values(all)))))
    }

    /// Names and values in their order: `Vec<(String, String)>`.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(
            self.pairs().map(|(name, value)| Pair(name, value)),
        ))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_empty() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit_struct tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A name with one of its values.
struct Pair<'a>(Cow<'a, str>, Cow<'a, str>);

impl<'de> IntoDeserializer<'de, Error> for Pair<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Pair<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let both = [(&self.0, Value(&self.0)), (&self.0, Value(&self.1))];
        visitor.visit_seq(Named::new(both.into_iter()))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    use super::*;
    use crate::parameters::Fault;

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    #[serde(default)]
    struct Wide {
        text: String,
        small: u8,
        signed: i16,
        float: f32,
        flag: bool,
        letter: char,
        sort: Option<Sort>,
        page: Option<u32>,
        note: Option<String>,
        sure: Option<bool>,
        part: Option<Vec<String>>,
        tag: Vec<String>,
        id: Vec<u64>,
    }

    #[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Sort {
        Up,
        Down,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[serde(rename = "page")]
        _page: std::num::NonZeroU8,
    }

    fn detail<T: DeserializeOwned + Debug>(query: &str) -> String {
        decode::<T>(query).unwrap_err().detail("query")
    }

    /// Names, values and lists are where they belong; what is not there is the default.
    #[test]
    fn decodes_structs_and_lists() {
        let query = "text=a+b%26&small=255&signed=-1&flag=on&sort=down&page=&note=&sure=&tag=x&id=7&tag=y&z=1";
        let wanted = Wide {
            text: "a b&".into(),
            small: 255,
            signed: -1,
            flag: true,
            sort: Some(Sort::Down),
            note: Some(String::new()),
            tag: vec!["x".into(), "y".into()],
            id: vec![7],
            ..Wide::default()
        };
        assert_eq!(decode::<Wide>(query).unwrap(), wanted);
        assert_eq!(decode::<Wide>("").unwrap(), Wide::default());
        let all = decode::<Vec<(String, u8)>>("b=1&a=2&b=3").unwrap();
        assert_eq!(all, [("b".into(), 1), ("a".into(), 2), ("b".into(), 3)]);
        let point = decode::<BTreeMap<String, (f32, f32)>>("at=1.5&at=2").unwrap();
        assert_eq!(point["at"], (1.5, 2.0));
    }

    /// Each error names its parameter, shows the value and says why; none names a Rust type.
    #[test]
    fn errors_are_precise() {
        for (query, wanted) in [
            ("small=256", "`small` is more than 255: `256`"),
            ("small=-1", "`small` is less than 0: `-1`"),
            ("signed=-32769", "`signed` is less than -32768: `-32769`"),
            ("small=1e3", "`small` is not a whole number: `1e3`"),
            ("small=", "`small` is empty instead of a whole number"),
            ("float=x", "`float` is not a number: `x`"),
            ("flag=yes", "`flag` is neither `true` nor `false`: `yes`"),
            ("letter=ab", "`letter` is not a single character: `ab`"),
            ("sort=", "`sort` is none of `up`, `down`: ``"),
            ("sort=left", "`sort` is none of `up`, `down`: `left`"),
            ("id=1&id=x", "`id` is not a whole number: `x`"),
            (
                "small=1&small=2",
                "`small` is given 2 times, and can be only once",
            ),
        ] {
            assert_eq!(
                detail::<Wide>(query),
                format!("the query parameter {wanted}")
            );
        }
        for (query, wanted) in [
            ("", "`page` is missing"),
            ("page=1&x=2", "`x` is not known; those that are: `page`"),
            (
                "page=0",
                "`page` is not what is expected: a number other than 0",
            ),
        ] {
            assert_eq!(
                detail::<Strict>(query),
                format!("the query parameter {wanted}")
            );
        }
        let long = detail::<Wide>(&format!("small={}", "é".repeat(100)));
        assert!(long.ends_with(&format!("`{}…`", "é".repeat(64))), "{long}");
    }

    /// A type that no query can be decoded into is its author's fault, and not the sender's.
    #[test]
    fn impossible_types_are_told_apart() {
        let nested = decode::<BTreeMap<String, BTreeMap<String, u8>>>("a=1").unwrap_err();
        assert_eq!(nested.fault(), Fault::Program);
        assert_eq!(decode::<Wide>("small=x").unwrap_err().fault(), Fault::Value);
    }

    /// Any query comes out as it does of `serde_html_form`, which forms are decoded with elsewhere,
    /// or is an error in both. Queries are made of pieces that matter, in an order that a small
    /// generator draws.
    #[test]
    fn agrees_with_serde_html_form() {
        const PIECES: [&str; 28] = [
            "text", "small", "signed", "float", "flag", "letter", "sort", "page", "note", "sure",
            "part", "tag", "id", "=", "=", "=", "&", "&", "&", "7", "-1", "on", "up", "+", "%20",
            "%ff", "é", "1.5",
        ];
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut decoded = 0;
        for _ in 0..20_000 {
            let mut query = String::new();
            for _ in 0..state % 14 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                query.push_str(PIECES[usize::try_from(state % 28).unwrap()]);
            }
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let ours = decode::<Wide>(&query).ok();
            let theirs = serde_html_form::from_str::<Wide>(&query).ok();
            assert_eq!(ours, theirs, "{query}");
            decoded += usize::from(ours.is_some());
            let ours = decode::<Vec<(String, String)>>(&query).ok();
            assert_eq!(ours, serde_html_form::from_str(&query).ok(), "{query}");
        }
        assert!(decoded > 1000, "{decoded}");
    }
}
