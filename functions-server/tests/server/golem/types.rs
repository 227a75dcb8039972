//! Every type of values there and back, function names in all their forms, and handles.

use serde_json::{Value, json};
use test_guests::TYPED;

use super::support::{create, golem, id_of};
use crate::support::{Answer, Client, Running};

struct Typed {
    client: Client,
    id: String,
    exports: Value,
}

impl Typed {
    async fn start(running: &Running) -> Self {
        let client = golem(running).await;
        let component = create(&client, "typed", "Durable", TYPED).await;
        Self {
            id: id_of(&component),
            exports: component["metadata"]["exports"].clone(),
            client,
        }
    }

    /// The types of a function's parameters, as the component's object has them.
    fn types(&self, instance: &str, function: &str) -> Vec<Value> {
        let named = |list: &Value, name: &str| {
            let mut all = list.as_array().unwrap().iter();
            all.find(|found| found["name"] == name).unwrap().clone()
        };
        let instance = named(&self.exports, instance);
        let function = named(&instance["functions"], function);
        let parameters = function["parameters"].as_array().unwrap();
        parameters
            .iter()
            .map(|parameter| parameter["typ"].clone())
            .collect()
    }

    async fn call(&self, function: &str, params: Value) -> Answer {
        let function: String = form_urlencoded::byte_serialize(function.as_bytes()).collect();
        let id = &self.id;
        let path = format!("/v1/components/{id}/workers/w/invoke-and-await?function={function}");
        self.client.post(&path, json!({ "params": params })).await
    }

    /// What a call with untyped parameters returns.
    async fn value(&self, function: &str, values: &[Value]) -> Value {
        let params: Vec<_> = values
            .iter()
            .map(|value| json!({ "value": value }))
            .collect();
        let answer = self.call(function, json!(params)).await;
        answer.ok(200)["result"]["value"].clone()
    }

    #[track_caller]
    fn refused(answer: &Answer) -> String {
        let errors = answer.ok(400);
        errors["errors"][0].as_str().unwrap().to_owned()
    }
}

const VALUES: &str = "rpc:counters-exports/values";

/// The types that the component's object has are those of requests and results, and values come back as they
/// were sent.
#[tokio::test(flavor = "multi_thread")]
async fn values_of_all_types_come_back() {
    let running = Running::start().await;
    let typed = Typed::start(&running).await;
    let order = json!({
        "id": 18_446_744_073_709_551_615_u64, "tags": ["a", "é\u{0}\"", ""], "perm": ["read", "run"],
        "shape": { "named": ["x", 7] }, "last": { "err": "late" }, "initial": 103, "note": null,
    });
    let cases = [
        ("echo-bool", vec![json!(true), json!(false)]),
        ("echo-u8", vec![json!(0), json!(255)]),
        ("echo-s8", vec![json!(-128), json!(127)]),
        ("echo-u16", vec![json!(65_535)]),
        ("echo-s16", vec![json!(-32_768)]),
        ("echo-u32", vec![json!(4_294_967_295_u32)]),
        ("echo-s32", vec![json!(-2_147_483_648_i32)]),
        ("echo-u64", vec![json!(18_446_744_073_709_551_615_u64)]),
        ("echo-s64", vec![json!(-9_223_372_036_854_775_808_i64)]),
        (
            "echo-f32",
            vec![json!(1.5), json!("NaN"), json!("-Infinity")],
        ),
        (
            "echo-f64",
            vec![json!(-0.1), json!("Infinity"), json!("NaN"), json!(1e300)],
        ),
        ("echo-char", vec![json!(103), json!(0x1f600)]),
        ("echo-string", vec![json!(""), json!("é\u{1f600}\n\"\\")]),
        ("echo-list", vec![json!([]), json!([0, 255])]),
        ("echo-tuple", vec![json!([7, "x"])]),
        ("echo-order", vec![order]),
        ("echo-option", vec![json!(null), json!("x")]),
        ("echo-nested", vec![json!(null), json!(3)]),
        (
            "echo-result",
            vec![json!({ "ok": 5 }), json!({ "err": "bad" })],
        ),
        (
            "echo-unit",
            vec![json!({ "ok": null }), json!({ "err": null })],
        ),
        (
            "echo-shape",
            vec![json!({ "circle": 1.5 }), json!({ "empty": null })],
        ),
        ("echo-color", vec![json!("green")]),
        ("echo-access", vec![json!([]), json!(["write"])]),
    ];
    for (function, values) in cases {
        let typ = typed.types(VALUES, function).remove(0);
        for value in values {
            let name = format!("{VALUES}.{{{function}}}");
            let params = json!([{ "typ": typ, "value": value }]);
            let expected = json!({ "result": {
                "typ": { "type": "Tuple", "items": [typ] },
                "value": [value],
            } });
            assert_eq!(
                typed.call(&name, params).await.ok(200),
                expected,
                "{function}"
            );
            assert_eq!(
                typed.value(&name, std::slice::from_ref(&value)).await,
                json!([value])
            );
        }
    }
    let nothing = typed
        .call(&format!("{VALUES}.{{nothing}}"), json!([]))
        .await;
    let empty = json!({ "result": { "typ": { "type": "Tuple", "items": [] }, "value": [] } });
    assert_eq!(nothing.ok(200), empty);
    let twice = typed
        .value(&format!("{VALUES}.{{twice}}"), &[json!(1), json!("x")])
        .await;
    assert_eq!(twice, json!([[1, "x", 1]]));
}

/// Values of other forms that mean the same are taken, and others are refused with what is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn other_forms_are_taken_or_refused() {
    let running = Running::start().await;
    let typed = Typed::start(&running).await;
    let taken = [
        ("echo-char", json!("g"), json!(103)),
        ("echo-u32", json!(5.0), json!(5)),
        ("echo-f32", json!(1.1), json!(1.100_000_023_841_858)),
        (
            "echo-access",
            json!(["run", "read"]),
            json!(["read", "run"]),
        ),
        (
            "echo-unit",
            json!({ "ok": null, "err": null }),
            json!({ "ok": null }),
        ),
    ];
    for (function, sent, expected) in taken {
        let name = format!("{VALUES}.{{{function}}}");
        assert_eq!(
            typed.value(&name, &[sent]).await,
            json!([expected]),
            "{function}"
        );
    }
    let refused = [
        ("echo-u8", json!(256)),
        ("echo-u8", json!(-1)),
        ("echo-u8", json!(5.7)),
        ("echo-u64", json!("5")),
        ("echo-bool", json!(1)),
        ("echo-char", json!(0xd800)),
        ("echo-char", json!("gg")),
        ("echo-tuple", json!([7])),
        ("echo-shape", json!("empty")),
        ("echo-shape", json!({ "square": 1 })),
        ("echo-shape", json!({ "empty": 1 })),
        ("echo-color", json!("blue")),
        ("echo-access", json!(["fly"])),
        ("echo-order", json!({ "id": 1 })),
        ("echo-result", json!({})),
        ("echo-f32", json!(3.5e38)),
        ("look", json!("urn:worker:x/y/0")),
    ];
    for (function, sent) in refused {
        let name = format!("{VALUES}.{{{function}}}");
        let answer = typed.call(&name, json!([{ "value": sent }])).await;
        assert!(!Typed::refused(&answer).is_empty(), "{function} {sent}");
    }
    let u64 = json!({ "type": "U64" });
    let name = format!("{VALUES}.{{echo-string}}");
    let other = typed.call(&name, json!([{ "typ": u64, "value": 5 }])).await;
    assert!(Typed::refused(&other).contains("expected"));
    let add = typed
        .call("add", json!([{ "typ": u64, "value": 5 }, { "value": 5 }]))
        .await;
    assert!(Typed::refused(&add).contains("typ"));
}

/// Functions of the world and of interfaces, resources by their constructors' parameters and by handles.
#[tokio::test(flavor = "multi_thread")]
async fn functions_are_found_by_name() {
    let running = Running::start().await;
    let typed = Typed::start(&running).await;
    assert_eq!(typed.value("ping", &[]).await, json!(["pong"]));
    assert_eq!(typed.value("add", &[json!(1), json!(2)]).await, json!([3]));
    let api = "rpc:counters-exports/api";
    let counter = |then: &str| format!("{api}.{{counter(\"a,b)\"){then}}}");
    typed.value(&counter(".inc-by"), &[json!(5)]).await;
    typed.value(&counter(".inc-by"), &[json!(2)]).await;
    assert_eq!(typed.value(&counter(".get-value"), &[]).await, json!([7]));
    let handle = typed.value(&counter(".new"), &[]).await;
    let first = format!("urn:worker:{}/w/0", typed.id);
    assert_eq!(handle, json!([first]));
    let method = format!("{api}.{{counter.get-value}}");
    let raw = format!("{api}.{{[method]counter.get-value}}");
    assert_eq!(typed.value(&method, &[json!(first)]).await, json!([7]));
    assert_eq!(typed.value(&raw, &[json!(first)]).await, json!([7]));
    typed.value(&counter(".drop"), &[]).await;
    let dropped = typed
        .value(&format!("{api}.{{get-all-dropped}}"), &[])
        .await;
    assert_eq!(dropped, json!([[["a,b)", 7]]]));
    // Parameters that mean the same name one resource.
    let holder = |parameters: &str, then: &str| format!("{VALUES}.{{holder({parameters}){then}}}");
    let at = json!({ "x": 1, "y": -2 });
    let read = typed
        .value(&holder("{y: -2, x: 1}, some(\"n\")", ".read"), &[])
        .await;
    assert_eq!(read, json!([[at, "n"]]));
    let same = typed.value(&holder("{x:1,y:-2}, \"n\"", ".new"), &[]).await;
    let other = typed
        .value(&holder("{x: 10, y: 10}, none", ".new"), &[])
        .await;
    let (same, other) = (same[0].clone(), other[0].clone());
    assert_eq!(same, format!("urn:worker:{}/w/1", typed.id));
    let look = format!("{VALUES}.{{look}}");
    assert_eq!(
        typed.value(&look, std::slice::from_ref(&other)).await,
        json!([{ "x": 10, "y": 10 }])
    );
    let merge = format!("{VALUES}.{{[static]holder.merge}}");
    let merged = typed.value(&merge, &[same.clone(), other]).await;
    assert_eq!(
        typed.value(&look, &[merged[0].clone()]).await,
        json!([{ "x": 11, "y": 8 }])
    );
    let gone = typed.call(&look, json!([{ "value": same }])).await;
    assert!(Typed::refused(&gone).contains("names no resource"));
    for name in [
        "nope",
        "a:b/c.{f}",
        "rpc:counters-exports/api.{nope}",
        "x{",
        "",
        "ping.{x}",
    ] {
        Typed::refused(&typed.call(name, json!([])).await);
    }
}
