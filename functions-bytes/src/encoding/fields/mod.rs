//! Names and values in text: the fields of a form, the parameters of a query.

mod repeated;
mod whole;

use std::error::Error;
use std::fmt;

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use self::repeated::Repeated;
use self::whole::{Kind, Whole};
use super::words;
use crate::answer;

/// What serde's own types expect of a value, which is never a text.
const NEVER_TEXT: [&str; 17] = [
    "a boolean",
    "a map",
    "a sequence",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "usize",
    "unit",
    "option",
];

/// The same, before the name of a type.
const NEVER_TEXT_NAMED: [&str; 9] = [
    "a nonzero ",
    "a tuple of size ",
    "an array of length ",
    "an empty array",
    "adjacently tagged enum ",
    "internally tagged enum ",
    "struct ",
    "tuple struct ",
    "unit struct ",
];

/// What the standard library and serde_html_form say of a value, as what is said of a field.
const SAID: [(&str, &str); 8] = [
    (
        "invalid digit found in string",
        "is not a whole number in range",
    ),
    (
        "cannot parse integer from empty string",
        "is empty instead of a whole number",
    ),
    ("number too large to fit in target type", "is too large"),
    ("number too small to fit in target type", "is too small"),
    ("invalid float literal", "is not a number"),
    (
        "cannot parse float from empty string",
        "is empty instead of a number",
    ),
    ("unsupported value", GIVEN_TWICE),
    ("expected unit variant", IMPOSSIBLE),
];

/// Several values where the type takes one.
const GIVEN_TWICE: &str = "is given more than once";

/// No field can be decoded into such a type.
const IMPOSSIBLE: &str = "is of a type that fields cannot have";

/// Decodes `a=1&b=2`: percent-encoded, `+` for a space.
///
/// A map whose values are single takes the last of several for one name, and decodes all of them, as axum's
/// `Query` does.
///
/// # Errors
///
/// When a field is missing or invalid, or `T` cannot be made of fields.
pub fn decode<T: DeserializeOwned>(fields: &[u8]) -> Result<T, FieldsError> {
    let (decoded, _) = decode_once(fields);
    let repeated = match decoded {
        Err(error) if error.is_repeated => error,
        decoded => return decoded,
    };
    let fields = Repeated::new(fields);
    // One value for each name tells whether the type could ever take one.
    match decode_once(&fields.last()) {
        (Err(error), _) if error.is_misuse => Err(error),
        (last, Kind::Map) => {
            for layer in fields.layers() {
                decode_once::<T>(&layer).0?;
            }
            last
        }
        _ if repeated.name.is_some() => Err(repeated),
        // Below `#[serde(flatten)]` serde does not say which name it is.
        _ => {
            let is_refused = |fields: &[u8]| {
                let (decoded, _) = decode_once::<T>(fields);
                decoded.is_err_and(|error| error.is_repeated)
            };
            let name = fields.refused(&is_refused);
            Err(FieldsError { name, ..repeated })
        }
    }
}

/// Not inlined: a function has it once for each type.
#[inline(never)]
fn decode_once<T: DeserializeOwned>(fields: &[u8]) -> (Result<T, FieldsError>, Kind) {
    let mut track = serde_path_to_error::Track::new();
    let mut kind = Kind::Other;
    let deserializer = Whole::new(fields, &mut kind);
    let tracked = serde_path_to_error::Deserializer::new(deserializer, &mut track);
    let decoded = T::deserialize(tracked);
    let decoded =
        decoded.map_err(|error| FieldsError::new(error.to_string(), &track.path(), fields));
    (decoded, kind)
}

/// The name of the field that could not be decoded into an element of a list of pairs.
#[cold]
fn name_of_pair(fields: &[u8], path: &serde_path_to_error::Path) -> Option<String> {
    let Some(Segment::Seq { index }) = path.iter().next() else {
        return None;
    };
    let (name, _) = form_urlencoded::parse(fields).nth(*index)?;
    Some(words::clipped(name.into_owned()))
}

/// Why fields could not be decoded.
pub struct FieldsError {
    name: Option<String>,
    /// A predicate: `is missing`.
    what: String,
    /// No request could be decoded into the type: its author's fault, and not the sender's.
    is_misuse: bool,
    /// A name came more than once, and the type takes one value.
    is_repeated: bool,
}

impl FieldsError {
    #[cold]
    fn new(message: String, path: &serde_path_to_error::Path, fields: &[u8]) -> Self {
        let name = path.iter().rev().find_map(|segment| match segment {
            Segment::Map { key } => Some(words::clipped(key.clone())),
            _ => None,
        });
        let name = name.or_else(|| name_of_pair(fields, path));
        if let Some((name, what)) = about_a_name(&message) {
            return Self {
                name: Some(words::clipped(name)),
                what: words::clipped(what),
                is_misuse: false,
                is_repeated: false,
            };
        }
        if is_misuse(&message) {
            return Self {
                name,
                what: format!(
                    "{IMPOSSIBLE} ({}): a form or a query has texts only, also below \
                     `#[serde(flatten)]`",
                    words::clipped(message)
                ),
                is_misuse: true,
                is_repeated: false,
            };
        }
        let said = SAID.iter().find(|(said, _)| *said == message);
        let what = match said {
            Some((_, what)) => (*what).to_owned(),
            None if message.starts_with("invalid type: sequence, ") => GIVEN_TWICE.into(),
            None => {
                let mut what = String::from("is invalid: ");
                what.push_str(&words::message(message));
                what
            }
        };
        Self {
            name,
            is_misuse: what == IMPOSSIBLE,
            is_repeated: what == GIVEN_TWICE,
            what,
        }
    }

    /// Whether no request could be decoded into the type.
    #[must_use]
    pub fn is_misuse(&self) -> bool {
        self.is_misuse
    }

    /// What is wrong, as a sentence about a `field` of the `whole`: a form's field, or a parameter
    /// of the query.
    #[must_use]
    pub fn detail(&self, field: &str, whole: &str) -> String {
        match &self.name {
            Some(name) => format!("the {field} `{name}` {}", self.what),
            // Below `#[serde(flatten)]`, or in a name, serde does not say where.
            None if !self.is_misuse && SAID.iter().any(|(_, what)| *what == self.what) => {
                format!("the {whole} has a value that {}", self.what)
            }
            None => format!("the {whole} {}", self.what),
        }
    }
}

/// The name that a message of serde's is about, and what it says of it.
fn about_a_name(message: &str) -> Option<(String, String)> {
    for (start, what) in [
        ("missing field `", "is missing"),
        ("duplicate field `", GIVEN_TWICE),
        ("unknown field `", "is not known"),
    ] {
        if let Some(rest) = message.strip_prefix(start) {
            let (name, after) = rest.split_once('`')?;
            return Some((name.to_owned(), format!("{what}{after}")));
        }
    }
    None
}

/// What serde says of a type that asks for such an integer of a decoder without them.
const NO_INTEGERS: [&str; 2] = ["i128 is not supported", "u128 is not supported"];

/// Whether a message says that a value is a text, or the whole is fields, where the type takes none.
fn is_misuse(message: &str) -> bool {
    if message.starts_with("invalid type: map, ") || NO_INTEGERS.contains(&message) {
        return true;
    }
    message.starts_with("invalid type: string ")
        && words::expectation(message).is_some_and(|expected| {
            NEVER_TEXT.contains(&expected)
                || NEVER_TEXT_NAMED
                    .iter()
                    .any(|start| expected.starts_with(start))
        })
}

impl fmt::Display for FieldsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail("field", "form"))
    }
}

/// As it is displayed. What a derive calls would be part of every function.
impl fmt::Debug for FieldsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A type that no fields fit is the program's fault.
impl Error for FieldsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if self.is_misuse {
            answer::provide(500, None);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only decoded")]
    struct Search {
        #[serde(default)]
        page: u8,
        #[serde(default)]
        price: f32,
        #[serde(default)]
        sure: bool,
        #[serde(default)]
        tag: Vec<u16>,
        sort: Option<Sort>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Sort {
        Up,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only decoded")]
    struct Strict {
        page: std::num::NonZeroU8,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only decoded")]
    struct Paged {
        #[serde(flatten)]
        strict: Page,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only decoded")]
    struct Page {
        page: u8,
    }

    fn refused<T: DeserializeOwned + fmt::Debug>(fields: &str) -> (String, bool) {
        let error = decode::<T>(fields.as_bytes()).unwrap_err();
        (error.detail("field", "form"), error.is_misuse())
    }

    /// An error names its field, says what is wrong and blames the sender.
    #[test]
    fn errors_name_the_field() {
        for (refused, wanted) in [
            (
                refused::<Search>("page=x"),
                "the field `page` is not a whole number in range",
            ),
            (
                refused::<Search>("page=256"),
                "the field `page` is too large",
            ),
            (
                refused::<Search>("page="),
                "the field `page` is empty instead of a whole number",
            ),
            (
                refused::<Search>("price=x"),
                "the field `price` is not a number",
            ),
            (
                refused::<Search>("sure=yes"),
                r#"the field `sure` is invalid: invalid value: string "yes", expected "true", "on" or "false""#,
            ),
            (
                refused::<Search>("tag=1&tag=x"),
                "the field `tag` is not a whole number in range",
            ),
            (
                refused::<Search>("page=1&page=2"),
                "the field `page` is given more than once",
            ),
            (
                refused::<Search>("sort=left"),
                "the field `sort` is invalid: unknown variant `left`, expected `up`",
            ),
            (refused::<Strict>(""), "the field `page` is missing"),
            (
                refused::<Strict>("page=1&x=2"),
                "the field `x` is not known, expected `page`",
            ),
            (
                refused::<Strict>("page=0"),
                "the field `page` is invalid: invalid value: integer `0`, expected an integer other than 0",
            ),
            (refused::<Paged>(""), "the field `page` is missing"),
            (
                refused::<BTreeMap<u8, String>>("x=a"),
                "the form has a value that is not a whole number in range",
            ),
            (
                refused::<Vec<(String, u8)>>("a=1&%62=x&a=2"),
                "the field `b` is not a whole number in range",
            ),
            (
                refused::<Vec<(String, u8)>>("a=1&a=256"),
                "the field `a` is too large",
            ),
        ] {
            assert_eq!(refused, (wanted.to_owned(), false));
        }
    }

    /// A type that no fields can be decoded into is its author's fault; a map of texts that is
    /// flattened is decoded.
    #[test]
    fn impossible_types_are_told_apart() {
        #[derive(Debug, Deserialize)]
        struct Rest {
            #[serde(flatten)]
            rest: BTreeMap<String, String>,
        }
        for refused in [
            refused::<Paged>("page=7"),
            refused::<BTreeMap<String, BTreeMap<String, u8>>>("a=1"),
            refused::<BTreeMap<String, Page>>("a=1"),
            refused::<u8>("a=1"),
        ] {
            assert!(refused.1 && refused.0.contains(IMPOSSIBLE), "{refused:?}");
        }
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only decoded")]
        struct Tuples {
            #[serde(default)]
            pair: (u8, u8),
            #[serde(default)]
            array: [u8; 2],
            named: Option<Pair>,
            unit: Option<Unit>,
        }
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only decoded")]
        struct Pair(u8, u8);
        #[derive(Debug, Deserialize)]
        struct Unit;
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only decoded")]
        struct Lists {
            #[serde(flatten)]
            inner: List,
        }
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only decoded")]
        struct List {
            list: Vec<String>,
        }
        for refused in [
            refused::<Tuples>("pair=1"),
            refused::<Tuples>("pair=1&pair=2"),
            refused::<Tuples>("array=1"),
            refused::<Tuples>("array=1&array=2"),
            refused::<Tuples>("named=1"),
            refused::<Tuples>("unit="),
            refused::<BTreeMap<String, (u8, u8)>>("a=1&a=2"),
            refused::<Lists>("list=1"),
        ] {
            assert!(refused.1 && refused.0.contains(IMPOSSIBLE), "{refused:?}");
        }
        let rest = decode::<Rest>(b"a=1&b=x").unwrap().rest;
        assert_eq!((rest["a"].as_str(), rest["b"].as_str()), ("1", "x"));
    }

    /// A map of single values takes the last for each name, however that is written; a map of lists
    /// takes all, and a struct refuses several.
    #[test]
    fn maps_take_the_last() {
        #[derive(Debug, Deserialize)]
        struct Wrapped(BTreeMap<String, String>);
        let fields = b"a=1&b=%26&%61=2&a=+";
        let expected =
            || BTreeMap::from([("a".to_owned(), " ".to_owned()), ("b".into(), "&".into())]);
        assert_eq!(
            decode::<BTreeMap<String, String>>(fields).unwrap(),
            expected()
        );
        assert_eq!(
            decode::<std::collections::HashMap<String, String>>(fields).unwrap()["a"],
            " "
        );
        assert_eq!(decode::<Wrapped>(fields).unwrap().0, expected());
        let options = decode::<BTreeMap<String, Option<u8>>>(b"a=1&a=").unwrap();
        assert_eq!(options, BTreeMap::from([("a".into(), None)]));
        let lists = decode::<BTreeMap<String, Vec<String>>>(fields).unwrap();
        assert_eq!(lists["a"], ["1", "2", " "]);
        let twice = ("the field `page` is given more than once".to_owned(), false);
        assert_eq!(refused::<Search>("page=1&page=2"), twice);
    }

    /// A map decodes every value that it is given, also those that a later one replaces.
    #[test]
    fn maps_decode_every_value() {
        type Numbers = BTreeMap<String, u8>;
        let numbers = decode::<Numbers>(b"a=1&b=7&a=2&a=3").unwrap();
        assert_eq!(numbers, Numbers::from([("a".into(), 3), ("b".into(), 7)]));
        let invalid = "the field `a` is not a whole number in range";
        let large = "the field `b` is too large";
        for (fields, wanted) in [
            ("a=x&a=2", invalid),
            ("a=1&a=x", invalid),
            ("a=1&a=x&a=3", invalid),
            ("a=1&%61=x&a=3", invalid),
            ("b=256&a=1&a=2", large),
            ("a=1&a=2&b=256&b=1", large),
        ] {
            assert_eq!(
                refused::<Numbers>(fields),
                (wanted.to_owned(), false),
                "{fields}"
            );
        }
    }

    /// A name that comes twice below `#[serde(flatten)]` is named, and not one that may come twice.
    #[test]
    fn repeated_names_are_named() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only decoded")]
        struct Rest {
            #[serde(default)]
            tag: Vec<String>,
            #[serde(flatten)]
            rest: BTreeMap<String, String>,
        }
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only decoded")]
        struct Sorted {
            #[serde(flatten)]
            sort: Sort,
        }
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only decoded")]
        struct Sort {
            sort: String,
        }
        for (refused, name) in [
            (refused::<Rest>("a=1&a=2"), "a"),
            (refused::<Rest>("tag=1&tag=2&b=1&b=2"), "b"),
            (
                refused::<Rest>("c=1&tag=1&b=1&%62=2&tag=2&a=1&a=2&c=3"),
                "c",
            ),
            (refused::<Sorted>("sort=a&sort=b"), "sort"),
        ] {
            let wanted = format!("the field `{name}` is given more than once");
            assert_eq!(refused, (wanted, false));
        }
        assert_eq!(decode::<Rest>(b"tag=1&tag=2&b=1").unwrap().tag, ["1", "2"]);
    }

    /// However long what was sent, what is told of it is short.
    #[test]
    fn details_are_short() {
        let long = "é".repeat(100_000);
        for detail in [
            refused::<BTreeMap<String, u8>>(&format!("{long}=x")).0,
            refused::<Strict>(&format!("{long}=x")).0,
            refused::<BTreeMap<String, u8>>(&format!("{long}=1&{long}=x")).0,
            refused::<BTreeMap<String, Sort>>(&format!("a={long}")).0,
        ] {
            assert!(detail.len() < 2200, "{} bytes", detail.len());
        }
    }
}
