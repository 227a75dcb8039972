use super::read::ReadError;
use serde_json::{Value, json};
use wasmtime::component::Component;
use wasmtime::{Config, Engine};

use super::*;

/// The component of the reference: a resource, functions of an interface and of the world.
const COUNTERS: &str = include_str!("counters.wat");

fn exports(wat: &str) -> Result<Exports, ReadError> {
    let mut config = Config::new();
    config.wasm_component_model(true);
    let engine = Engine::new(&config).unwrap();
    let wasm = wat::parse_str(wat).unwrap();
    let component = Component::new(&engine, &wasm).unwrap();
    Exports::of(&component, &engine)
}

fn find(name: &str) -> Result<FoundFunction, BadCall> {
    exports(COUNTERS).unwrap().find(&name.parse().unwrap())
}

/// Metadata has the shape of the reference, and is read as it is written.
#[test]
fn exports_are_listed() {
    let handle = |mode: &str| json!({ "type": "Handle", "resource_id": 0, "mode": mode });
    let owned = json!({ "name": null, "typ": handle("Owned") });
    let list = json!({ "type": "List", "inner": { "type": "Tuple", "items": [{ "type": "Str" }, { "type": "U64" }] } });
    let expected = json!([
        { "type": "Instance", "name": "rpc:counters-exports/api", "functions": [
            { "name": "[constructor]counter",
              "parameters": [{ "name": "name", "typ": { "type": "Str" } }],
              "results": [owned] },
            { "name": "[method]counter.inc-by",
              "parameters": [{ "name": "self", "typ": handle("Borrowed") }, { "name": "value", "typ": { "type": "U64" } }],
              "results": [] },
            { "name": "[static]counter.total",
              "parameters": [{ "name": "of", "typ": list }],
              "results": [{ "name": null, "typ": { "type": "U64" } }] },
            { "name": "[drop]counter",
              "parameters": [{ "name": "self", "typ": handle("Owned") }],
              "results": [] },
        ] },
        { "type": "Function", "name": "ping", "parameters": [],
          "results": [{ "name": null, "typ": { "type": "U32" } }] },
    ]);
    let exports = exports(COUNTERS).unwrap();
    let text = serde_json::to_string(&exports).unwrap();
    let mut found: Value = serde_json::from_str(&text).unwrap();
    // Which of the two comes first is the component's.
    found
        .as_array_mut()
        .unwrap()
        .sort_by_key(|export| export["type"] == "Function");
    assert_eq!(found, expected);
    assert_eq!(serde_json::from_str::<Exports>(&text).unwrap(), exports);
}

/// Every way of naming a function finds it.
#[test]
fn functions_are_found() {
    let call = |name: &str| find(name).unwrap().call;
    let export = |name: &str| CallKind::Export(name.to_owned());
    assert_eq!(call("ping"), export("ping"));
    assert_eq!(call("any:package.{ping}"), export("ping"));
    let api = |function: &str| format!("rpc:counters-exports/api.{{{function}}}");
    assert_eq!(call(&api("counter.new")), export("[constructor]counter"));
    assert_eq!(
        call(&api("counter.inc-by")),
        export("[method]counter.inc-by")
    );
    assert_eq!(call(&api("counter.total")), export("[static]counter.total"));
    assert_eq!(
        call(&api("[static]counter.total")),
        export("[static]counter.total")
    );
    let resource = "counter".to_owned();
    assert_eq!(call(&api("counter.drop")), CallKind::Drop { resource });
    let found = find(&api("counter(\"a\\u{62}\").inc-by")).unwrap();
    assert_eq!(found.site.as_deref(), Some("rpc:counters-exports/api"));
    assert_eq!(found.parameters.len(), 1);
    let CallKind::Indexed(indexed) = found.call else {
        panic!("{found:?}");
    };
    assert_eq!(indexed.key, ["\"ab\""]);
    assert_eq!(indexed.arguments, "[\"ab\"]");
    assert_eq!(
        indexed.then,
        IndexedCall::Method("[method]counter.inc-by".into())
    );
    let then = |text: &str| match call(&api(text)) {
        CallKind::Indexed(indexed) => indexed.then,
        other => panic!("{other:?}"),
    };
    assert_eq!(then("counter(\"a\").new"), IndexedCall::Handle);
    assert_eq!(then("counter(\"a\").drop"), IndexedCall::Drop);
    let total = IndexedCall::Static("[static]counter.total".into());
    assert_eq!(then("counter(\"a\").total"), total);
}

/// What does not exist is named.
#[test]
fn missing_functions_are_named() {
    for (name, error) in [
        ("pong", "could not load function pong"),
        ("a:b/c.{f}", "could not load exports for interface a:b/c"),
        (
            "rpc:counters-exports/api@1.0.0.{f}",
            "could not load exports for interface rpc:counters-exports/api@1.0.0",
        ),
        (
            "rpc:counters-exports/api.{f}",
            "could not load function f for interface rpc:counters-exports/api",
        ),
        (
            "rpc:counters-exports/api.{counter.x}",
            "could not load function [method]counter.x or [static]counter.x for interface rpc:counters-exports/api",
        ),
        (
            "rpc:counters-exports/api.{counter(\"a\", 1).inc-by}",
            "Failed to parse resource constructor parameters: Resource params count mismatch: expected 1, got 2",
        ),
    ] {
        assert_eq!(find(name).unwrap_err().errors, [error], "{name}");
    }
    let error = find("rpc:counters-exports/api.{counter(7).inc-by}").unwrap_err();
    assert!(error.errors[0].contains("name: "), "{error}");
}

/// A version that is left out is the only one, and has to be given if there are several.
#[test]
fn versions_may_be_left_out() {
    let function = ExportedFunction {
        name: "f".into(),
        parameters: Vec::new(),
        results: Vec::new(),
    };
    let instance = |name: &str| Export::Instance {
        name: name.to_owned(),
        functions: vec![function.clone()],
    };
    let site = |exports: &[&str], name: &str| {
        let exports = Exports(exports.iter().map(|name| instance(name)).collect());
        exports
            .find(&name.parse().unwrap())
            .map(|found| found.site.unwrap())
    };
    assert_eq!(site(&["a:b/c@1.2.0"], "a:b/c.{f}").unwrap(), "a:b/c@1.2.0");
    let two = ["a:b/c@1.2.0", "a:b/c@2.0.0"];
    assert_eq!(site(&two, "a:b/c@2.0.0.{f}").unwrap(), "a:b/c@2.0.0");
    let error = site(&two, "a:b/c.{f}").unwrap_err();
    assert!(error.errors[0].contains("give the version"), "{error}");
    assert!(site(&["a:b/c@1.2.0"], "a:b/c@1.2.{f}").is_err());
}

/// Types that double with each name do not become as many as they stand for.
#[test]
fn types_have_limits() {
    let mut doubling = String::from("(type $t0 (tuple u8 u8))");
    for level in 1..18 {
        doubling += &format!("(type $t{level} (tuple $t{0} $t{0}))", level - 1);
    }
    let nested = |depth: usize| {
        let mut types = String::from("(type $t0 (list u8))");
        for level in 1..depth {
            types += &format!("(type $t{level} (list $t{}))", level - 1);
        }
        types
    };
    let lifted = |types: &str, last: usize| {
        format!(
            "(component {types}
               (core module $m (memory (export \"m\") 1)
                 (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 0))
                 (func (export \"f\") (param i32)))
               (core instance $i (instantiate $m))
               (type $f (func (param \"p\" (list $t{last}))))
               (func $f (type $f) (canon lift (core func $i \"g\") (memory (core memory $i \"m\")) (realloc (core func $i \"realloc\"))))
               (export \"f\" (func $f)))"
        )
        .replace("\"f\") (param i32)", "\"g\") (param i32 i32)")
    };
    assert_eq!(
        exports(&lifted(&doubling, 17)),
        Err(ReadError::TooManyTypes)
    );
    // The list of the parameter, and the type of its bytes.
    let deepest = read::MAX_TYPE_DEPTH - 2;
    assert!(exports(&lifted(&nested(deepest), deepest - 1)).is_ok());
    let deeper = lifted(&nested(deepest + 1), deepest);
    assert_eq!(exports(&deeper), Err(ReadError::TooDeep("f".into())));
}
