use super::*;
use crate::workers::analysed_type::{AnalysedType, Field};

/// One function of the world with two parameters, and one with a record.
const EXPORTS: &str = r#"[
    {"type":"Function","name":"add","parameters":[
        {"name":"a","typ":{"type":"U64"}},{"name":"b","typ":{"type":"U64"}}],
     "results":[{"name":null,"typ":{"type":"U64"}}]},
    {"type":"Function","name":"greet","parameters":[
        {"name":"who","typ":{"type":"Record","fields":[{"name":"first","typ":{"type":"Str"}}]}}],
     "results":[]}
]"#;

fn checked(function: &str, body: &str) -> Result<CheckedCall, Vec<String>> {
    let exports: crate::workers::exports::Exports = serde_json::from_str(EXPORTS).unwrap();
    let parameters = Parameter::of_body(body.as_bytes()).map_err(|error| error.errors)?;
    check(&FunctionIndex::new(exports), function, &parameters).map_err(|error| error.errors)
}

/// Typed and untyped parameters become the same canonical ones.
#[test]
fn parameters_become_canonical() {
    for body in [
        r#"{"params":[{"typ":{"type":"U64"},"value":5},{"typ":{"type":"U64"},"value":7}]}"#,
        r#"{"params":[{"value":5},{"value":7,"typ":null}],"other":1}"#,
    ] {
        let checked = checked("add", body).unwrap();
        assert_eq!(checked.params, "[5,7]");
        assert_eq!(checked.text, "add");
        assert_eq!(checked.function.results.len(), 1);
    }
    let body = r#"{"params":[{"value":{"last":1,"first":"A"}}]}"#;
    assert_eq!(checked("greet", body).unwrap().params, r#"[{"first":"A"}]"#);
    let untyped = Parameter::of_array(b"[1, \"x\"]").unwrap();
    assert_eq!(untyped[1].value, Json::Text("x".into()));
    assert!(untyped.iter().all(|parameter| parameter.typ.is_none()));
}

/// A call that cannot be made is refused, with the reason.
#[test]
fn bad_calls_are_refused() {
    let u64s = |values: &str| {
        let typed = |value| format!(r#"{{"typ":{{"type":"U64"}},"value":{value}}}"#);
        let values: Vec<_> = values.split(' ').map(typed).collect();
        format!(r#"{{"params":[{}]}}"#, values.join(","))
    };
    for (function, body, error) in [
        ("add", u64s("1"), "expected 2, got 1 parameters"),
        ("sub", u64s("1"), "could not load function sub"),
        ("a b", u64s("1"), "Invalid function name: "),
        ("add", u64s("1 -1"), "Cannot convert -1 to u64"),
        // A value that does not fit its own type is found before the function is looked up.
        ("sub", u64s("\"x\""), "expected number, found string"),
        (
            "add",
            r#"{"params":[{"value":1},{"value":"x"}]}"#.into(),
            "Parameter b has unexpected type: expected number, found string",
        ),
        (
            "add",
            r#"{"params":[{"typ":{"type":"U64"},"value":1},{"typ":{"type":"Str"},"value":"x"}]}"#
                .into(),
            "in b: expected u64, got string",
        ),
        (
            "add",
            r#"{"params":[{"typ":{"type":"U64"},"value":1},{"value":2}]}"#.into(),
            "some parameters have a `typ` and others have none",
        ),
        ("add", "{}".into(), "parse request payload error: "),
        ("add", "".into(), "parse request payload error: "),
        (
            "add",
            r#"{"params":{}}"#.into(),
            "parse request payload error: ",
        ),
        (
            "add",
            r#"{"params":[5]}"#.into(),
            "parse request payload error: a parameter lacks `value`",
        ),
        (
            "add",
            r#"{"params":[{"typ":{"type":"U65"},"value":1}]}"#.into(),
            "parse request payload error: unknown type \"U65\"",
        ),
    ] {
        let errors = checked(function, &body).unwrap_err();
        assert_eq!(errors.len(), 1, "{body}: {errors:?}");
        assert!(errors[0].starts_with(error), "{body}: {errors:?}");
    }
}

/// A declared type may differ from the function's only where both mean the same.
#[test]
fn differences_of_types_are_named() {
    let record = |name: &str, typ: AnalysedType| AnalysedType::Record {
        fields: vec![Field {
            name: name.into(),
            typ,
        }],
    };
    let own = record("a", AnalysedType::U8);
    assert_eq!(own.difference(&own), None);
    let other = own.difference(&record("a", AnalysedType::S8));
    assert_eq!(other.as_deref(), Some("in a: expected u8, got s8"));
    let other = own.difference(&record("b", AnalysedType::U8));
    let expected = "expected the fields [\"a\"], got [\"b\"]";
    assert_eq!(other.as_deref(), Some(expected));
}
