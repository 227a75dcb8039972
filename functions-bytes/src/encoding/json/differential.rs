//! Decoding compared with serde_json: what is accepted, what comes out of it, and where and why a
//! text is refused, are the same.

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::value::RawValue;

use super::decode::decode;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct All {
    a: Option<u8>,
    b: Vec<i64>,
    c: BTreeMap<String, Shape>,
    #[serde(default)]
    d: (f64, bool),
    #[serde(default)]
    e: Box<str>,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Shape {
    Unit,
    New(f32),
    Pair(u16, char),
    Named { x: i128, y: Option<Box<Shape>> },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "t")]
enum Tagged {
    A { n: i32 },
    B,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Either {
    Number(f64),
    Text(String),
    Tagged(Tagged),
}

#[derive(Debug, PartialEq, Deserialize)]
struct Unit;

#[derive(Debug, PartialEq, Deserialize)]
struct Flat {
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// Decodes with both.
fn compare<T: DeserializeOwned + Debug>(text: &[u8]) {
    let name = type_name::<T>();
    let shown = String::from_utf8_lossy(text);
    match (decode::<T>(text), serde_json::from_slice::<T>(text)) {
        // Through `Debug`, which tells `-0.0` from `0.0`.
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(
                format!("{ours:?}"),
                format!("{theirs:?}"),
                "{shown} as {name}"
            );
        }
        (Err(ours), Err(theirs)) if theirs.is_data() => {
            // The words differ on purpose. The place is the same wherever theirs has one.
            let place = format!("line {} column {}", theirs.line(), theirs.column());
            let ours = ours.to_string();
            assert!(
                ours.ends_with(&place) || theirs.line() == 0 || !is_exact::<T>(),
                "{shown} as {name}: {ours}; {theirs}"
            );
        }
        (Err(ours), Err(theirs)) => {
            let (ours, theirs) = (ours.to_string(), theirs.to_string());
            // Theirs stops in the middle of an exponent that is too large, and looks at the size of
            // a number also where none is wanted.
            assert!(
                ours == theirs || theirs.starts_with("number out of range") || !is_exact::<T>(),
                "{shown} as {name}: {ours}; {theirs}"
            );
        }
        (ours, theirs) => panic!("{shown} as {name}: {ours:?}; {theirs:?}"),
    }
}

/// Whether errors of the type come from the text alone, not through serde's buffers or with a place
/// of serde_json's own making.
fn is_exact<T>() -> bool {
    let name = type_name::<T>();
    [
        type_name::<Value>(),
        type_name::<Vec<String>>(),
        type_name::<Vec<i64>>(),
    ]
    .contains(&name)
}

fn compare_all(text: &[u8]) {
    compare::<Value>(text);
    compare::<Vec<String>>(text);
    compare::<Vec<i64>>(text);
    compare::<Vec<u8>>(text);
    compare::<Vec<f64>>(text);
    compare::<Vec<f32>>(text);
    compare::<Vec<Option<bool>>>(text);
    compare::<Vec<Box<RawValue>>>(text);
    compare::<BTreeMap<String, Value>>(text);
    compare::<BTreeMap<i8, IgnoredAny>>(text);
    compare::<BTreeMap<bool, u128>>(text);
    compare::<BTreeMap<Option<char>, i128>>(text);
    compare::<BTreeMap<Shape2, ()>>(text);
    compare::<All>(text);
    compare::<Shape>(text);
    compare::<Vec<Shape>>(text);
    compare::<Tagged>(text);
    compare::<Either>(text);
    compare::<Vec<Either>>(text);
    compare::<Unit>(text);
    compare::<Flat>(text);
    compare::<IgnoredAny>(text);
    compare::<Box<RawValue>>(text);
    compare::<f64>(text);
    compare::<i128>(text);
    compare::<char>(text);
    compare::<(u8, String)>(text);
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum Shape2 {
    Unit,
    New,
}

/// Any value, with the names that the types here look for.
fn value() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        3 => "[a-e]|x|y|n|t|Unit|New|Pair|Named|true|-?[0-9]{1,3}",
        1 => any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-300..300_i64).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "Unit|New|A|B|.{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(name.clone(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A text that is nearly JSON: a value's text with some bytes put in, changed or cut off.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        8 => proptest::sample::select(br#"{}[]",:\u0019-+.eEtfn dD8"#.to_vec()),
        1 => any::<u8>(),
    ];
    let change = (any::<prop::sample::Index>(), byte, 0..3_u8);
    (value(), any::<bool>(), vec(change, 0..4)).prop_map(|(value, pretty, changes)| {
        let mut text = if pretty {
            serde_json::to_vec_pretty(&value).unwrap()
        } else {
            serde_json::to_vec(&value).unwrap()
        };
        for (place, byte, kind) in changes {
            let place = place.index(text.len() + 1);
            match kind {
                0 => text.insert(place, byte),
                1 if place < text.len() => text[place] = byte,
                _ => text.truncate(place),
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..Default::default() })]

    /// A text that is JSON, or nearly.
    #[test]
    fn texts(text in nearly()) {
        compare_all(&text);
    }

    /// Any bytes: refused alike, and never a panic.
    #[test]
    fn bytes(text in vec(any::<u8>(), 0..16)) {
        compare_all(&text);
    }

    /// Strings of escapes, also broken ones.
    #[test]
    fn escapes(text in r#""(\\u(d[8-9c-d])?[0-9a-f]{0,4}|\\[a-z"\\/]|[a-c\u{1}-\u{f}é"]){0,6}"?"#) {
        compare_all(text.as_bytes());
    }

    /// Numbers, also broken and enormous ones.
    #[test]
    fn numbers(text in r"-?[0-9]{0,30}(\.[0-9]{0,30})?([eE][+-]?[0-9]{0,3})?") {
        compare_all(text.as_bytes());
        compare_all(format!("[{text}]").as_bytes());
        compare_all(format!("{{\"{text}\":{text}}}").as_bytes());
    }
}

/// The texts that the rules are about.
#[test]
fn examples() {
    for text in [
        "",
        " ",
        "nul",
        "nulL",
        "null",
        "tru",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,]",
        "[1 2]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "{1:1}",
        "\"",
        "\"\\",
        "\"\\u",
        "\"\\ud800\"",
        "\"\\ud83e\\udd80\"",
        "\"\\udd80\"",
        "\"\\ud800\\n\"",
        "\"\n\"",
        "1 1",
        "[1]]",
        "{}}",
        "-",
        "-0",
        "01",
        "1.",
        "1.e1",
        "1e",
        "1e+",
        "1e400",
        "-1e-400",
        "18446744073709551616",
        "-9223372036854775809",
        "\u{feff}1",
        "{\"New\":1,\"Unit\":null}",
        "{\"Unit\":null}",
        "{\"New\":1.5}",
        "\"New\"",
        "\"Nine\"",
        "{}",
        "{\"Pair\":[1,\"x\"]}",
        "{\"t\":\"A\",\"n\":1}",
        "{\"t\":\"B\"}",
    ] {
        compare_all(text.as_bytes());
    }
    compare_all(b"\"\xff\"");
}

/// Nesting that would exhaust the stack is refused at the same depth.
#[test]
fn depth() {
    for depth in [126, 127, 128, 100_000] {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        compare::<Value>(text.as_bytes());
        // Stricter than theirs: also where nothing is made of it.
        assert_eq!(decode::<IgnoredAny>(text.as_bytes()).is_ok(), depth < 128);
        let text = "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
        compare::<Value>(text.as_bytes());
    }
}
