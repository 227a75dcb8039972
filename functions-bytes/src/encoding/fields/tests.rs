use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::error::IMPOSSIBLE;
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
    let expected = || BTreeMap::from([("a".to_owned(), " ".to_owned()), ("b".into(), "&".into())]);
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
