mod functions;
mod handles;
mod parameters;
mod verify;

use std::fs;

use wasmtime::component::{Component, Linker, TypedFunc};
use wasmtime::{Engine, Store};

use super::make_reusable;
use crate::compile::ComponentBytes;
use crate::compile::rewrite::without_shim;

fn engine() -> Engine {
    let mut config = wasmtime::Config::new();
    config.concurrency_support(false);
    Engine::new(&config).unwrap()
}

/// Functions of the SDK are reusable unless an import gives them handles.
#[test]
fn sdk_functions_without_handles_are_reusable() {
    let engine = engine();
    let is_reusable = |file: &str| {
        let wasm = fs::read(file).unwrap();
        let inlined = without_shim(&wasm).unwrap();
        assert!(make_reusable(&inlined).is_ok(), "{file}");
        ComponentBytes::new(wasm)
            .compile(&engine)
            .unwrap()
            .reusable
            .is_ok()
    };
    for file in [
        test_guests::PING,
        test_guests::GREET,
        test_guests::COUNTER,
        test_guests::ECHO,
        test_guests::ECHO_DETAILS,
        test_guests::RESPOND,
        test_guests::REMEMBER,
    ] {
        assert!(is_reusable(file), "{file}");
    }
    for file in [
        test_guests::PROXY,
        test_guests::EVENTS,
        test_guests::FAN_OUT,
        test_guests::MISBEHAVE,
        test_guests::USES_STD,
    ] {
        assert!(!is_reusable(file), "{file}");
    }
}

/// A component with one function, `f`, and additional parts in its module and beside it.
fn component(module: &str, f: &str, rest: &str) -> Vec<u8> {
    wat::parse_str(text(module, f, rest)).unwrap()
}

fn text(module: &str, f: &str, rest: &str) -> String {
    format!(
        r#"(component
            (core module $m
                (memory (export "memory") 1)
                (table $t 3 funcref)
                (global $i (mut i32) (i32.const 7))
                (global $l (mut i64) (i64.const -1))
                (global $s (mut f32) (f32.const 0.5))
                (global $d (mut f64) (f64.const -0.25))
                (global $c i32 (i32.const 9))
                {module}
                (func $f (export "f") (param i32) (result i32) {f}))
            {rest}
            (core instance $i (instantiate $m))
            (func (export "f") (param "x" s32) (result s32)
                (canon lift (core func $i "f"))))"#
    )
}

/// The function `f` of a component, in a new instance.
fn f_of(component: &[u8]) -> (Store<()>, TypedFunc<(i32,), (i32,)>) {
    let engine = engine();
    let component = Component::new(&engine, component).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component);
    let f = instance.unwrap().get_typed_func(&mut store, "f").unwrap();
    (store, f)
}

/// Calls a component's `f` four times in the same instance.
fn calls(component: &[u8]) -> [i32; 4] {
    let (mut store, f) = f_of(component);
    [1, 2, 3, 4].map(|x| f.call(&mut store, (x,)).unwrap().0)
}

/// Globals of every type have their initial value in each call.
#[test]
fn globals_are_reset_on_each_call() {
    for (f, first) in [
        (
            "(global.set $i (i32.add (global.get $i) (local.get 0))) global.get $i",
            7,
        ),
        (
            "(global.set $l (i64.add (global.get $l) (i64.extend_i32_s (local.get 0))))
             (i32.wrap_i64 (global.get $l))",
            -1,
        ),
        (
            "(global.set $s (f32.add (global.get $s) (f32.convert_i32_s (local.get 0))))
             (i32.trunc_f32_s (f32.sub (global.get $s) (f32.const 0.5)))",
            0,
        ),
        (
            "(global.set $d (f64.add (global.get $d) (f64.convert_i32_s (local.get 0))))
             (i32.trunc_f64_s (f64.add (global.get $d) (f64.const 0.25)))",
            0,
        ),
    ] {
        let before = component("", f, "");
        assert_eq!(calls(&before), [1, 3, 6, 10].map(|x| first + x), "{f}");
        let after = make_reusable(&before).unwrap();
        assert_eq!(calls(&after), [1, 2, 3, 4].map(|x| first + x), "{f}");
    }
}

/// A component that could keep state anywhere else is not reusable.
#[test]
fn other_state_is_refused() {
    let same = "local.get 0";
    assert!(make_reusable(&component("", same, "")).is_ok());
    for f in [
        "(table.set $t (i32.const 0) (ref.null func)) local.get 0",
        "(drop (table.grow $t (ref.null func) (i32.const 1))) local.get 0",
        "(table.fill $t (i32.const 0) (ref.null func) (i32.const 1)) local.get 0",
        "(table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 1)) local.get 0",
        "(i32.atomic.rmw.add (i32.const 0) (i32.const 1))",
    ] {
        assert!(make_reusable(&component("", f, "")).is_err(), "{f}");
    }
    for module in [
        "(elem $e (i32.const 0) func $f)
         (func (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)))",
        "(elem $e (i32.const 0) func $f) (func (elem.drop $e))",
        "(elem $e func $f)",
        r#"(data $d (i32.const 0) "x")
           (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)))"#,
        r#"(data $d (i32.const 0) "x") (func (data.drop $d))"#,
        r#"(data $d "x")"#,
        "(start $g) (func $g)",
        "(memory $second 1)",
        "(global (mut funcref) (ref.null func))",
        "(global (mut v128) (v128.const i64x2 1 2))",
        "(global (mut i32) (global.get $c))",
        "(tag (param i32))",
        "(type (struct (field (mut i32))))",
    ] {
        assert!(
            make_reusable(&component(module, same, "")).is_err(),
            "{module}"
        );
    }
    let keeps = r#"(core module $k (global (export "g") (mut i32) (i32.const 0)))"#;
    for rest in [
        format!("{keeps} (core instance (instantiate $k))"),
        format!("(component {keeps} (core instance (instantiate $k)))"),
        "(type (resource (rep i32)))".to_owned(),
        "(component (type (resource (rep i32))))".to_owned(),
        "(core func (canon context.get i32 0))".to_owned(),
        r#"(core module $g (import "a" "g" (global (mut i32))))"#.to_owned(),
        r#"(core module $g (import "a" "m" (memory 1)))"#.to_owned(),
    ] {
        assert!(
            make_reusable(&component("", same, &rest)).is_err(),
            "{rest}"
        );
    }
    let plain = text("", same, "");
    for (part, other) in [
        (
            r#"(memory (export "memory") 1)"#,
            r#"(memory (export "memory") 1 1 shared)"#,
        ),
        (
            r#"(memory (export "memory") 1)"#,
            r#"(memory (export "memory") i64 1)"#,
        ),
        (
            "(core instance $i (instantiate $m))",
            "(core instance $i (instantiate $m)) (core instance (instantiate $m))",
        ),
    ] {
        let changed = plain.replace(part, other);
        assert_ne!(changed, plain);
        let changed = wat::parse_str(changed).unwrap();
        assert!(make_reusable(&changed).is_err(), "{other}");
    }
    // Setting more globals than the limit on each call takes longer than creating an instance.
    for (more, refused) in [(60, false), (61, true)] {
        let many = "(global (mut i32) (i32.const 0))".repeat(more);
        let result = make_reusable(&component(&many, same, ""));
        assert_eq!(result.is_err(), refused, "{more}");
    }
    // Without memory, there is nothing to gain.
    let bare = r#"(component (core module $m
            (global $g (mut i32) (i32.const 0))
            (func (export "f") (result i32) global.get $g))
        (core instance $i (instantiate $m))
        (func (export "f") (result s32) (canon lift (core func $i "f"))))"#;
    assert!(make_reusable(&wat::parse_str(bare).unwrap()).is_err());
    assert!(make_reusable(b"nothing").is_err());
}
