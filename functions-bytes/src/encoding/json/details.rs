//! What the one who sent a text is told.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::decode::decode;

fn detail<T: DeserializeOwned>(text: &str) -> String {
    match decode::<T>(text.as_bytes()) {
        Ok(_) => String::from("decoded"),
        Err(error) => error.to_string(),
    }
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Order {
    name: String,
    items: Vec<Item>,
    by: Option<BTreeMap<String, Payment>>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Item {
    price: u8,
    place: Option<Point>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Point(i32, i32);

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded")]
enum Payment {
    Cash,
    Card { number: String },
    Split(u8, u8),
    Other(Nothing),
}

#[derive(Debug, Deserialize)]
struct Nothing;

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "only decoded")]
enum Loose {
    Text(String),
    Point(Point),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind")]
#[expect(dead_code, reason = "only decoded")]
enum Tagged {
    Circle { radius: f64 },
}

/// Each kind of mistake: what is wrong, the path, and the place.
#[test]
fn details_say_what_and_where() {
    let order = |rest: &str| detail::<Order>(&format!(r#"{{"name":"x","items":[]{rest}}}"#));
    let item = |item: &str| detail::<Order>(&format!(r#"{{"name":"x","items":[{item}]}}"#));
    for (detail, expected) in [
        (
            detail::<Order>(r#""x""#),
            r#"invalid type: string "x", expected an object at line 1 column 3"#,
        ),
        (
            item(r#"{"price":1},{"price":"x"}"#),
            r#"invalid type: string "x", expected an integer from 0 to 255 at items[1].price, line 1 column 45"#,
        ),
        (
            item(r#"{"price":300}"#),
            "invalid value: integer `300`, expected an integer from 0 to 255 at items[0].price, line 1 column 33",
        ),
        (
            item(r#"{"price":-1}"#),
            "invalid value: integer `-1`, expected an integer from 0 to 255 at items[0].price, line 1 column 32",
        ),
        (
            item(r#"{"price":1.50}"#),
            "invalid type: floating point `1.50`, expected an integer from 0 to 255 at items[0].price, line 1 column 34",
        ),
        (
            item("{}"),
            "missing field `price` at items[0], line 1 column 23",
        ),
        (
            item("7"),
            "invalid type: integer `7`, expected an object at items[0], line 1 column 22",
        ),
        (
            item(r#"{"price":1,"price":2}"#),
            "duplicate field `price` at items[0], line 1 column 39",
        ),
        (
            item(r#"{"price":1,"place":{}}"#),
            "invalid type: object, expected a list at items[0].place, line 1 column 40",
        ),
        (
            item(r#"{"price":1,"place":[1]}"#),
            "invalid length 1, expected 2 elements at items[0].place, line 1 column 43",
        ),
        (
            item(r#"{"price":1,"place":[1,null]}"#),
            "invalid type: null, expected an integer from -2147483648 to 2147483647 at items[0].place[1], line 1 column 47",
        ),
        (
            order(r#","by":{"a b":true}"#),
            r#"invalid type: boolean `true`, expected a string or an object at by["a b"], line 1 column 39"#,
        ),
        (
            order(r#","by":{"x":"Gold"}"#),
            "unknown variant `Gold`, expected one of `Cash`, `Card`, `Split`, `Other` at by.x, line 1 column 39",
        ),
        (
            order(r#","by":{"x":{"Card":{"number":1}}}"#),
            "invalid type: integer `1`, expected a string at by.x.Card.number, line 1 column 52",
        ),
        (
            order(r#","by":{"x":{"Split":[1]}}"#),
            "invalid length 1, expected 2 elements at by.x.Split, line 1 column 45",
        ),
        (
            order(r#","by":{"x":{"Other":[]}}"#),
            "invalid type: list, expected null at by.x.Other, line 1 column 42",
        ),
        (
            order(r#","by":{"x":"Card"}"#),
            "invalid type: string, expected an object at by.x, line 1 column 39",
        ),
        (
            detail::<Vec<Loose>>(r#"["a",{}]"#),
            "the value has none of the forms that are accepted at [1], line 1 column 7",
        ),
        (
            detail::<Tagged>(r#"{"kind":"Circle","radius":"x"}"#),
            r#"invalid type: string "x", expected a number at line 1 column 30"#,
        ),
        (
            detail::<Tagged>("1"),
            "invalid type: integer `1`, expected an object at line 1 column 1",
        ),
        (
            detail::<BTreeMap<u8, u8>>(r#"{"x":1}"#),
            "invalid value: expected key to be a number in quotes at line 1 column 2",
        ),
    ] {
        assert_eq!(detail, expected);
    }
}

/// A text that speaks of types is the sender's own, and is shown as it is.
#[test]
fn data_of_the_sender_is_left_alone() {
    let text = r#"{"price":"x, expected struct Foo"}"#;
    assert_eq!(
        detail::<Item>(text),
        r#"invalid type: string "x, expected struct Foo", expected an integer from 0 to 255 at price, line 1 column 33"#
    );
    assert_eq!(
        detail::<Payment>(r#""enum Foo""#),
        "unknown variant `enum Foo`, expected one of `Cash`, `Card`, `Split`, `Other` at line 1 column 10"
    );
    assert_eq!(
        detail::<BTreeMap<String, u64>>(r#"{"struct \"Foo\n\u0001":null}"#),
        r#"invalid type: null, expected an integer that is not negative at ["struct \"Foo\n\u0001"], line 1 column 28"#
    );
}

/// However long what was sent, what is told of it is short.
#[test]
fn details_are_short() {
    let long = "é".repeat(100_000);
    for detail in [
        detail::<u8>(&format!("\"{long}\"")),
        detail::<u8>(&"9".repeat(100_000)),
        detail::<Payment>(&format!("\"{long}\"")),
        detail::<BTreeMap<String, u8>>(&format!("{{\"{long}\":null}}")),
    ] {
        assert!(detail.len() < 1200, "{} bytes", detail.len());
        assert!(detail.contains('…') && detail.contains("line 1 column "));
    }
}

/// The log tells no more than the sender is told.
#[test]
fn debug_is_the_detail() {
    let error = decode::<u8>(b"[]").unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
}
