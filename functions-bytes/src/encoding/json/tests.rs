use std::collections::BTreeMap;
use std::error::Error as _;

use super::*;
use crate::ReadError;
use crate::encoding::Decode;

#[derive(Debug, serde::Deserialize)]
struct Named {
    #[expect(dead_code, reason = "only decoded")]
    name: String,
}

fn detail<T: DeserializeOwned>(text: &str) -> String {
    match Json::<T>::decode(Data::from(text)) {
        Ok(_) => String::from("decoded"),
        Err(error) => error.detail(),
    }
}

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Order {
    items: Vec<Item>,
    by: Option<BTreeMap<String, Payment>>,
}

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Item {
    price: u8,
    place: Option<(i32, i32)>,
}

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "only decoded")]
enum Payment {
    Card { number: String },
}

#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "only decoded")]
enum Loose {
    Text(String),
    Item(Item),
}

/// Each kind of error tells the path, what was expected in neutral words, and the place.
#[test]
fn details_say_what_and_where() {
    for (detail, expected) in [
        (
            detail::<Named>(r#"{"name":7}"#),
            "name: invalid type: integer `7`, expected a string at line 1 column 9",
        ),
        (
            detail::<Order>(r#""x""#),
            r#"invalid type: string "x", expected an object at line 1 column 3"#,
        ),
        (
            detail::<Order>(r#"{"items":[{"price":1},{"price":"x"}]}"#),
            r#"items[1].price: invalid type: string "x", expected an integer from 0 to 255 at line 1 column 34"#,
        ),
        (
            detail::<Order>(r#"{"items":[{"price":300}]}"#),
            "items[0].price: invalid value: integer `300`, expected an integer from 0 to 255 at line 1 column 22",
        ),
        (
            detail::<Order>(r#"{"items":[{"price":1,"place":[1]}]}"#),
            "items[0].place: invalid length 1, expected a tuple of size 2 at line 1 column 32",
        ),
        (
            detail::<Order>(r#"{"items":[{}]}"#),
            "items[0]: missing field `price` at line 1 column 12",
        ),
        (
            detail::<Order>(r#"{"items":[],"by":{"x":{"Card":{"number":1}}}}"#),
            "by.x.Card.number: invalid type: integer `1`, expected a string at line 1 column 41",
        ),
        (
            detail::<Order>(r#"{"items":[],"by":{"x":7}}"#),
            "by.x: expected value at line 1 column 23",
        ),
        (
            detail::<Vec<Loose>>(r#"["a",{}]"#),
            "[1]: the value has none of the forms that are accepted at line 1 column 8",
        ),
        (
            detail::<Vec<u8>>("[1] 2"),
            "trailing characters at line 1 column 5",
        ),
        (
            detail::<Vec<u8>>("[1"),
            "EOF while parsing a list at line 1 column 2",
        ),
    ] {
        assert_eq!(detail, expected);
    }
}

/// A body that speaks of types is shown as it is, and however long it is, the detail is short.
#[test]
fn details_quote_the_body_and_are_short() {
    assert_eq!(
        detail::<Item>(r#"{"price":"x, expected struct Foo"}"#),
        r#"price: invalid type: string "x, expected struct Foo", expected an integer from 0 to 255 at line 1 column 33"#
    );
    let long = "é".repeat(100_000);
    for detail in [
        detail::<u8>(&format!("\"{long}\"")),
        detail::<Payment>(&format!("\"{long}\"")),
        detail::<BTreeMap<String, u8>>(&format!("{{\"{long}\":null}}")),
    ] {
        assert!(detail.len() < 2200, "{} bytes", detail.len());
        assert!(detail.contains('…') && detail.contains(" at line 1 column "));
    }
}

/// What the author turns on in serde_json works: numbers keep every digit, and values stay as
/// they are written.
#[test]
fn features_of_serde_json_work() {
    let text = "[0.1000000000000000000000000000001,123456789012345678901234567890]";
    let Json(numbers) = Json::<Vec<serde_json::Number>>::decode(Data::from(text)).unwrap();
    assert_eq!(serde_json::to_string(&numbers).unwrap(), text);
    let Json(raw) =
        Json::<Vec<Box<serde_json::value::RawValue>>>::decode(Data::from("[ 1.50 ,{} ]")).unwrap();
    let raw: Vec<_> = raw.iter().map(|value| value.get()).collect();
    assert_eq!(raw, ["1.50", "{}"]);
}

/// Nesting that would exhaust the stack is refused, at whatever depth.
#[test]
fn nesting_is_bounded() {
    for (depth, fits) in [(127, true), (128, false), (100_000, false)] {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(
            Json::<serde_json::Value>::decode(Data::from(text)).is_ok(),
            fits,
            "{depth}"
        );
    }
}

/// What is wrong and where reaches the one who sent the body.
#[test]
fn detail_says_what_and_where() {
    let error = Json::<Named>::decode(Data::from(r#"{"nam":1}"#)).unwrap_err();
    assert_eq!(error.detail(), "missing field `name` at line 1 column 9");
    let error = Json::<Named>::decode(Data::from("not json")).unwrap_err();
    assert_eq!(error.detail(), "expected ident at line 1 column 2");
    assert!(error.source().is_some(), "the cause is kept for the log");
}

/// The limit lets through a body that is just as long, and refuses one byte more.
#[test]
fn limit_is_inclusive() {
    let limit = usize::try_from(Json::<String>::LIMIT).unwrap();
    for (length, fits) in [(limit - 1, true), (limit, true), (limit + 1, false)] {
        let body = format!("\"{}\"", "x".repeat(length - 2));
        let decoded = Json::<String>::decode(Data::from(body));
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
