use proptest::prelude::*;
use wasmtime::component::ResourceAny;

use super::*;
use crate::workers::analysed_type::{Case, Field, Mode};

/// No handles, which only exist in a store.
struct NoHandles;

impl HandleResolver for NoHandles {
    fn take(&mut self, text: &str, _: &AnalysedType) -> Result<ResourceAny, String> {
        Err(format!("{text} is unknown"))
    }

    fn name(&mut self, _: ResourceAny, _: &AnalysedType) -> String {
        String::new()
    }
}

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn typ(text: &str) -> AnalysedType {
    AnalysedType::from_json(&json(text)).unwrap()
}

/// What a value becomes that goes into a function and comes back.
fn round_trip(typ: &AnalysedType, value: &Json) -> Result<Json, Vec<String>> {
    let checked = check(typ, value)?;
    let parameter = Field {
        name: "p".into(),
        typ: typ.clone(),
    };
    let text = serde_json::to_string(&[&checked]).unwrap();
    let values = values(&[parameter], &text, &mut NoHandles).unwrap();
    let result = NamedResult {
        name: None,
        typ: typ.clone(),
    };
    let returned = json(&result_value(&[result], &values, &mut NoHandles).unwrap());
    assert_eq!(returned, Json::List(vec![checked.clone()]));
    // What is canonical stays as it is.
    assert_eq!(check(typ, &checked).as_ref(), Ok(&checked));
    Ok(checked)
}

/// Each type takes the values of the reference, and gives them back in one form.
#[test]
fn values_are_taken() {
    let record = r#"{"type":"Record","fields":[{"name":"product-id","typ":{"type":"Str"}},{"name":"note","typ":{"type":"Option","inner":{"type":"Str"}}}]}"#;
    let variant = r#"{"type":"Variant","cases":[{"name":"circle","typ":{"type":"F64"}},{"name":"empty","typ":null}]}"#;
    let flags = r#"{"type":"Flags","names":["read","write","run"]}"#;
    for (of, given, returned) in [
        (r#"{"type":"Bool"}"#, "true", "true"),
        (r#"{"type":"U8"}"#, "255", "255"),
        (r#"{"type":"S8"}"#, "-128", "-128"),
        (r#"{"type":"U16"}"#, "5.0", "5"),
        (r#"{"type":"S16"}"#, "-32768", "-32768"),
        (r#"{"type":"U32"}"#, "4294967295", "4294967295"),
        (r#"{"type":"S32"}"#, "-2147483648", "-2147483648"),
        (
            r#"{"type":"U64"}"#,
            "18446744073709551615",
            "18446744073709551615",
        ),
        (
            r#"{"type":"S64"}"#,
            "-9223372036854775808",
            "-9223372036854775808",
        ),
        (r#"{"type":"F32"}"#, "1.1", "1.100000023841858"),
        (r#"{"type":"F64"}"#, "-0.25", "-0.25"),
        (r#"{"type":"F64"}"#, "7", "7.0"),
        (r#"{"type":"F64"}"#, "\"NaN\"", "\"NaN\""),
        (r#"{"type":"F32"}"#, "\"Infinity\"", "\"Infinity\""),
        (r#"{"type":"F32"}"#, "\"-Infinity\"", "\"-Infinity\""),
        (r#"{"type":"Chr"}"#, "103", "103"),
        (r#"{"type":"Chr"}"#, "\"g\"", "103"),
        (r#"{"type":"Str"}"#, "\"hi\\u0000\"", "\"hi\\u0000\""),
        (r#"{"type":"List","inner":{"type":"U8"}}"#, "[1,2]", "[1,2]"),
        (
            r#"{"type":"Tuple","items":[{"type":"U64"},{"type":"Str"}]}"#,
            r#"[10,"hello"]"#,
            r#"[10,"hello"]"#,
        ),
        (
            record,
            r#"{"other":1,"note":"x","product-id":"G1000"}"#,
            r#"{"product-id":"G1000","note":"x"}"#,
        ),
        (
            record,
            r#"{"product-id":"G1000"}"#,
            r#"{"product-id":"G1000","note":null}"#,
        ),
        (
            r#"{"type":"Result","ok":{"type":"U8"},"err":null}"#,
            r#"{"ok":5}"#,
            r#"{"ok":5}"#,
        ),
        (
            r#"{"type":"Result","ok":{"type":"U8"}}"#,
            r#"{"err":null}"#,
            r#"{"err":null}"#,
        ),
        (
            r#"{"type":"Result","err":{"type":"Str"}}"#,
            r#"{"err":"late","ok":null}"#,
            r#"{"ok":null}"#,
        ),
        (
            variant,
            r#"{"circle":1.5,"empty":null}"#,
            r#"{"circle":1.5}"#,
        ),
        (variant, r#"{"empty":null}"#, r#"{"empty":null}"#),
        (
            r#"{"type":"Enum","cases":["red","green"]}"#,
            "\"green\"",
            "\"green\"",
        ),
        (flags, r#"["run","read","run"]"#, r#"["read","run"]"#),
        (flags, "[]", "[]"),
    ] {
        let found = round_trip(&typ(of), &json(given)).unwrap_or_else(|e| panic!("{of}: {e:?}"));
        assert_eq!(found.to_string(), returned, "{of}");
        // The type itself is read as it is written.
        let written = serde_json::to_string(&typ(of)).unwrap();
        assert_eq!(typ(&written), typ(of));
    }
}

/// A value that does not fit is refused with the reason.
#[test]
fn other_values_are_refused() {
    let variant =
        r#"{"type":"Variant","cases":[{"name":"circle","typ":{"type":"F64"}},{"name":"empty"}]}"#;
    let record = r#"{"type":"Record","fields":[{"name":"x","typ":{"type":"U8"}},{"name":"y","typ":{"type":"U8"}}]}"#;
    for (of, given, errors) in [
        (
            r#"{"type":"Bool"}"#,
            "1",
            &["expected bool, found number"][..],
        ),
        (
            r#"{"type":"U8"}"#,
            "256",
            &["value 256 is not within the range of 0 to 255"],
        ),
        (
            r#"{"type":"U8"}"#,
            "-1",
            &["value -1 is not within the range of 0 to 255"],
        ),
        (r#"{"type":"U8"}"#, "5.7", &["value 5.7 is not an integer"]),
        (
            r#"{"type":"U8"}"#,
            "\"5\"",
            &["expected number, found string"],
        ),
        (
            r#"{"type":"S8"}"#,
            "128",
            &["value 128 is not within the range of -128 to 127"],
        ),
        (r#"{"type":"U64"}"#, "5.0", &["Cannot convert 5.0 to u64"]),
        (r#"{"type":"U64"}"#, "-1", &["Cannot convert -1 to u64"]),
        (
            r#"{"type":"S64"}"#,
            "9223372036854775808",
            &[
                "value 9223372036854775808 is not within the range of -9223372036854775808 to 9223372036854775807",
            ],
        ),
        (
            r#"{"type":"F64"}"#,
            "\"1\"",
            &["expected number, found string"],
        ),
        (
            r#"{"type":"F32"}"#,
            "3.5e+38",
            &["value 3.5e+38 is not within the range of -3.4028235e38 to 3.4028235e38"],
        ),
        (r#"{"type":"Chr"}"#, "55296", &["Invalid char value 55296"]),
        (r#"{"type":"Chr"}"#, "null", &["expected char, found null"]),
        (r#"{"type":"Str"}"#, "7", &["expected string, found number"]),
        (
            r#"{"type":"List","inner":{"type":"U8"}}"#,
            "{}",
            &["expected array, found object"],
        ),
        (
            r#"{"type":"List","inner":{"type":"Bool"}}"#,
            "[1,true,null]",
            &["expected bool, found number", "expected bool, found null"],
        ),
        (
            r#"{"type":"Tuple","items":[{"type":"U8"}]}"#,
            "[1,2]",
            &["expected a tuple of 1 values, found 2"],
        ),
        (
            record,
            r#"{"x":"a"}"#,
            &[
                "invalid value for key x: expected number, found string",
                "key 'y' not found",
            ],
        ),
        (
            r#"{"type":"Result"}"#,
            r#"{"ok":1}"#,
            &["The ok value should be null"],
        ),
        (
            r#"{"type":"Result"}"#,
            "{}",
            &["expected an object with the key 'ok' or 'err'"],
        ),
        (variant, "\"empty\"", &["expected object, found string"]),
        (
            variant,
            r#"{"empty":1}"#,
            &["Unit variant empty has non-null JSON value"],
        ),
        (
            variant,
            r#"{"square":1}"#,
            &["Unknown key square in the variant"],
        ),
        (
            r#"{"type":"Enum","cases":["red","green"]}"#,
            "\"blue\"",
            &["Invalid input blue. Valid values are red,green"],
        ),
        (
            r#"{"type":"Flags","names":["a"]}"#,
            "[\"b\"]",
            &["Unknown flag b: expected a"],
        ),
        (
            r#"{"type":"Handle","resource_id":0,"mode":"Owned"}"#,
            "\"7\"",
            &["invalid handle \"7\": expected one such as urn:worker:COMPONENT/WORKER/0"],
        ),
    ] {
        assert_eq!(check(&typ(of), &json(given)).unwrap_err(), errors, "{of}");
    }
}

/// A text that stands for far more values than it has is refused.
#[test]
fn missing_fields_are_counted() {
    let field = |number| Field {
        name: format!("f{number}"),
        typ: AnalysedType::Option {
            inner: Box::new(AnalysedType::U8),
        },
    };
    let inner = Box::new(AnalysedType::Record {
        fields: (0..1000).map(field).collect(),
    });
    let value = json(&format!("[{}]", vec!["{}"; 10_000].join(",")));
    let errors = check(&AnalysedType::List { inner }, &value).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("4194304 parts"), "{errors:?}");
}

/// A type with a value of it.
fn typed() -> impl Strategy<Value = (AnalysedType, Json)> {
    let number = |number: i64| Json::Number(number.into());
    let leaf = prop_oneof![
        any::<bool>().prop_map(|value| (AnalysedType::Bool, Json::Bool(value))),
        any::<u8>().prop_map(move |value| (AnalysedType::U8, number(value.into()))),
        any::<i8>().prop_map(move |value| (AnalysedType::S8, number(value.into()))),
        any::<u16>().prop_map(move |value| (AnalysedType::U16, number(value.into()))),
        any::<i16>().prop_map(move |value| (AnalysedType::S16, number(value.into()))),
        any::<u32>().prop_map(move |value| (AnalysedType::U32, number(value.into()))),
        any::<i32>().prop_map(move |value| (AnalysedType::S32, number(value.into()))),
        any::<u64>().prop_map(|value| (AnalysedType::U64, Json::Number(value.into()))),
        any::<i64>().prop_map(move |value| (AnalysedType::S64, number(value))),
        any::<f32>().prop_map(|value| (AnalysedType::F32, float(value.into()))),
        any::<f64>().prop_map(|value| (AnalysedType::F64, float(value))),
        any::<char>().prop_map(move |value| (AnalysedType::Chr, number(u32::from(value).into()))),
        ".{0,10}".prop_map(|value| (AnalysedType::Str, Json::Text(value))),
        (1..6_usize, any::<usize>()).prop_map(|(names, case)| {
            let cases: Vec<_> = (0..names).map(|number| format!("c{number}")).collect();
            let value = Json::Text(cases[case % names].clone());
            (AnalysedType::Enum { cases }, value)
        }),
        (1..40_usize, any::<u64>()).prop_map(|(names, set)| {
            let names: Vec<_> = (0..names).map(|number| format!("f{number}")).collect();
            let is_set = |(place, _): &(usize, &String)| set & (1 << place) != 0;
            let set = names.iter().enumerate().filter(is_set);
            let value = Json::List(set.map(|(_, name)| Json::Text(name.clone())).collect());
            (AnalysedType::Flags { names }, value)
        }),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let several = proptest::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            (inner.clone(), 0..4_usize).prop_map(|((typ, value), length)| {
                let inner = Box::new(typ);
                (
                    AnalysedType::List { inner },
                    Json::List(vec![value; length]),
                )
            }),
            (inner.clone(), any::<bool>()).prop_map(|((typ, value), is_some)| {
                let inner = Box::new(typ);
                let value = if is_some { value } else { Json::Null };
                (AnalysedType::Option { inner }, value)
            }),
            several.clone().prop_map(|parts| {
                let (items, values) = parts.into_iter().unzip();
                (AnalysedType::Tuple { items }, Json::List(values))
            }),
            several.clone().prop_map(|parts| {
                let named = |(number, (typ, value))| {
                    let name = format!("f{number}");
                    (
                        Field {
                            name: name.clone(),
                            typ,
                        },
                        (name, value),
                    )
                };
                let (fields, members) = parts.into_iter().enumerate().map(named).unzip();
                (AnalysedType::Record { fields }, Json::Object(members))
            }),
            (several, any::<usize>()).prop_map(|(parts, case)| {
                let case = case % (parts.len() + 1);
                let value = parts
                    .get(case)
                    .map_or(Json::Null, |(_, value)| value.clone());
                let mut cases: Vec<_> = parts
                    .into_iter()
                    .map(|(typ, _)| Some(typ))
                    .chain([None])
                    .enumerate()
                    .map(|(number, typ)| Case {
                        name: format!("c{number}"),
                        typ,
                    })
                    .collect();
                let value = Json::Object(vec![(cases[case].name.clone(), value)]);
                cases.truncate(8);
                (AnalysedType::Variant { cases }, value)
            }),
            (inner.clone(), inner, 0..4_u8).prop_map(|((one, first), (other, second), kind)| {
                let (ok, err) = (Some(Box::new(one)), Some(Box::new(other)));
                let (typ, key, value) = match kind {
                    0 => (AnalysedType::Result { ok, err }, "ok", first),
                    1 => (AnalysedType::Result { ok, err }, "err", second),
                    2 => (AnalysedType::Result { ok: None, err }, "ok", Json::Null),
                    _ => (AnalysedType::Result { ok, err: None }, "err", Json::Null),
                };
                (typ, Json::Object(vec![(key.to_owned(), value)]))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Any value of any type goes in and comes back. Only an option of an option, whose inner `none` reads as
    /// the outer one, is not the value that was meant, but still the same JSON.
    #[test]
    fn any_value_comes_back((typ, value) in typed()) {
        prop_assert_eq!(round_trip(&typ, &value), Ok(value));
    }

    /// Types are read as they are written.
    #[test]
    fn any_type_comes_back((typ, _) in typed()) {
        let text = serde_json::to_string(&typ).unwrap();
        prop_assert_eq!(AnalysedType::from_json(&json(&text)), Ok(typ.clone()));
        prop_assert_eq!(serde_json::from_str::<AnalysedType>(&text).unwrap(), typ.clone());
        prop_assert_eq!(typ.difference(&typ), None);
    }

    /// A value of one type is taken by another type, or refused: nothing else happens.
    #[test]
    fn any_value_of_any_type_is_taken_or_refused((typ, _) in typed(), (_, value) in typed()) {
        if check(&typ, &value).is_ok() {
            round_trip(&typ, &value).unwrap();
        }
    }
}

/// Results are a tuple, or a record if they have names.
#[test]
fn results_are_wrapped() {
    let unnamed = NamedResult {
        name: None,
        typ: AnalysedType::U64,
    };
    let named = NamedResult {
        name: Some("a".into()),
        typ: AnalysedType::Handle {
            resource_id: 0,
            mode: Mode::Owned,
        },
    };
    let written = |results: &[NamedResult]| serde_json::to_string(&result_type(results)).unwrap();
    assert_eq!(written(&[]), r#"{"type":"Tuple","items":[]}"#);
    assert_eq!(
        written(&[unnamed]),
        r#"{"type":"Tuple","items":[{"type":"U64"}]}"#
    );
    assert_eq!(
        written(&[named]),
        r#"{"type":"Record","fields":[{"name":"a","typ":{"type":"Handle","resource_id":0,"mode":"Owned"}}]}"#
    );
}

/// A result as long as it may be comes back, and a longer one is refused while it is written.
#[test]
fn long_results_are_refused() {
    let of = |bytes: usize| {
        let result = NamedResult {
            name: None,
            typ: AnalysedType::Str,
        };
        let value = wasmtime::component::Val::String("x".repeat(bytes));
        result_value(&[result], &[value], &mut NoHandles)
    };
    // Brackets and quotes.
    let longest = lift::MAX_RESULT - 4;
    assert_eq!(of(longest).unwrap().len(), lift::MAX_RESULT);
    let error = of(longest + 1).unwrap_err();
    assert!(error.contains("16777216 bytes"), "{error}");
}
