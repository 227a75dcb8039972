use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other}"),
    }
}

fn replaced(value: Value) -> Result<Configured, InvalidSettings> {
    Configured::default().changed(Change::Replace(object(value)))
}

/// An invalid setting is refused by its name, with what is expected.
#[test]
fn invalid_settings_are_named() {
    for (given, name, expected) in [
        (json!({"timeout": "soon"}), "timeout", "\"30s\""),
        (json!({"timeout": 30}), "timeout", "\"30s\""),
        (json!({"memory": "64MB"}), "memory", "\"64MiB\""),
        (json!({"memory": -1}), "memory", "\"64MiB\""),
        (json!({"concurrency": -1}), "concurrency", "whole number"),
        (json!({"queue": "7"}), "queue", "whole number"),
        (json!({"cpus": -0.5}), "cpus", "from 0 on"),
        (json!({"ingress": "open"}), "ingress", "public"),
        (json!({"callers": "a"}), "callers", "sequence"),
        (json!({"log_level": "loud"}), "log_level", "trace"),
        (json!({"variables": {"A": 1}}), "variables.A", "string"),
        (
            json!({"variables": {"A=B": ""}}),
            "variables",
            "without '='",
        ),
        (json!({"secrets": {"": "x"}}), "secrets", "without '='"),
        (json!({"secrets": {"A": 7}}), "secrets", "text"),
        (json!({"secrets": ["A"]}), "secrets", "object"),
        (
            json!({"variables": {"A": "1"}, "secrets": {"A": "2"}}),
            "secrets",
            "one of both",
        ),
        (json!({"secrets": {"A": "***"}}), "secrets", "never shown"),
        (json!({"tiemout": "1s"}), "tiemout", "unknown field"),
    ] {
        let error = replaced(given.clone()).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(name) && text.contains(expected),
            "{given}: {text}"
        );
    }
}

/// No error or `Debug` has the value of a secret or variable.
#[test]
fn values_are_not_printed() {
    let secret = "hunter2";
    for given in [
        json!({"secrets": {"A": [secret]}}),
        json!({"secrets": secret}),
        json!({"secrets": {"A": secret, "A=": secret}}),
        json!({"secrets": {"A": format!("{secret}\0")}}),
    ] {
        let error = replaced(given).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
    let configured =
        replaced(json!({"variables": {"B": secret}, "secrets": {"A": secret}})).unwrap();
    assert!(!format!("{configured:?}").contains(secret));
    let shown = Value::Object(
        Configured {
            settings: Settings::default(),
            ..configured
        }
        .shown(),
    );
    assert_eq!(shown, json!({"secrets": {"A": "***"}}));
}

/// A merge keeps what it does not name, secrets included, and null removes.
#[test]
fn merge_keeps_what_it_does_not_name() {
    let first = replaced(json!({
        "timeout": "1s", "variables": {"A": "1", "B": "2"}, "secrets": {"S": "s", "T": "t"}
    }))
    .unwrap();
    let patch =
        json!({"timeout": null, "variables": {"A": null, "C": "3"}, "secrets": {"T": null}});
    let merged = first.changed(Change::Merge(object(patch))).unwrap();
    assert_eq!(
        Value::Object(merged.shown()),
        json!({"variables": {"B": "2", "C": "3"}, "secrets": {"S": "***"}})
    );
    assert_eq!(merged.secrets.0["S"], "s");
    let none = merged
        .changed(Change::Merge(object(json!({"secrets": null}))))
        .unwrap();
    assert!(none.secrets.0.is_empty());
}

/// Settings that mean the same are equal.
#[test]
fn equal_settings_are_equal() {
    let one = replaced(json!({"timeout": "60s", "memory": "1MiB", "variables": null})).unwrap();
    let other = replaced(json!({"timeout": "1m", "memory": "1024KiB", "queue": null})).unwrap();
    assert_eq!(one, other);
}

fn patch() -> impl Strategy<Value = Map<String, Value>> {
    let text = prop_oneof![Just(Value::Null), "[a-z]{1,3}".prop_map(Value::from)];
    let names = prop::collection::btree_map("[A-C]", text, 0..4).prop_map(|names| json!(names));
    let secret = prop_oneof![Just(Value::Null), "[a-z]{1,3}".prop_map(Value::from)];
    let secrets = prop::collection::btree_map("[D-F]", secret, 0..4).prop_map(|names| json!(names));
    let setting = prop_oneof![
        prop_oneof![Just(Value::Null), Just(json!("1s")), Just(json!("2m"))]
            .prop_map(|value| ("timeout", value)),
        prop_oneof![Just(Value::Null), (1..9u32).prop_map(Value::from)]
            .prop_map(|value| ("concurrency", value)),
        prop_oneof![Just(Value::Null), Just(json!(["a"])), Just(json!(["*"]))]
            .prop_map(|value| ("callers", value)),
        prop_oneof![Just(Value::Null), Just(json!("token"))].prop_map(|value| ("ingress", value)),
        prop_oneof![Just(Value::Null), names].prop_map(|value| ("variables", value)),
        prop_oneof![Just(Value::Null), secrets].prop_map(|value| ("secrets", value)),
    ];
    prop::collection::vec(setting, 0..6).prop_map(|settings| {
        settings
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

/// RFC 7396, as its section 2 writes it.
fn reference(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch.clone();
    };
    let mut target = match target {
        Value::Object(target) => target,
        _ => Map::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            let old = target.remove(name).unwrap_or(Value::Null);
            target.insert(name.clone(), reference(old, value));
        }
    }
    Value::Object(target)
}

/// A setting without names is not shown.
fn without_empty(mut value: Value) -> Value {
    if let Value::Object(settings) = &mut value {
        settings.retain(|_, value| value.as_object().is_none_or(|names| !names.is_empty()));
    }
    value
}

proptest! {
    /// Any sequence of patches gives what RFC 7396 gives, and survives the store.
    #[test]
    fn merges_are_as_rfc_7396(patches in prop::collection::vec(patch(), 0..6)) {
        let key = SecretsKey::from_hex(&"00".repeat(32)).unwrap();
        let mut configured = Configured::default();
        let mut expected = json!({});
        for patch in patches {
            expected = reference(expected, &Value::Object(patch.clone()));
            configured = configured.changed(Change::Merge(patch)).unwrap();
            let stored = serde_json::to_string(&configured.settings).unwrap();
            let secrets = key.encrypt("f", &configured.secrets).unwrap();
            let read = Configured {
                settings: Settings::parse(&stored).unwrap(),
                secrets: key.decrypt("f", &secrets).unwrap(),
            };
            prop_assert_eq!(&read, &configured);
            let mut shown = Value::Object(configured.shown());
            for (name, value) in &configured.secrets.0 {
                shown["secrets"][name] = json!(value);
            }
            prop_assert_eq!(shown, without_empty(expected.clone()));
            prop_assert_eq!(configured.changed(Change::Inherit).unwrap(), configured.clone());
        }
    }
}
