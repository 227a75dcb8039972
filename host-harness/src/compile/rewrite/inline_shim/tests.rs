use std::fs;

use super::without_shim;
use crate::compile::rewrite::make_reusable;

/// The number of core modules of a component.
fn modules(component: &[u8]) -> usize {
    let payloads = wasmparser::Parser::new(0).parse_all(component);
    let modules =
        payloads.filter(|payload| matches!(payload, Ok(wasmparser::Payload::ModuleSection { .. })));
    modules.count()
}

/// Every function of the SDK loses its shim, one of three modules. The result is valid, with the
/// same imports and exports. Other tests cover its behavior.
#[test]
fn sdk_functions_lose_their_shim() {
    let engine = wasmtime::Engine::default();
    let mut files: Vec<_> = test_guests::EXAMPLES
        .iter()
        .map(|(_, file)| *file)
        .collect();
    files.extend([
        test_guests::CALLS_OUT,
        test_guests::MISBEHAVE,
        test_guests::USES_STD,
    ]);
    for file in files {
        let before = fs::read(file).unwrap();
        let after = without_shim(&before).unwrap_or_else(|| panic!("{file} keeps its shim"));
        assert_eq!((modules(&before), modules(&after)), (3, 2), "{file}");
        let compile = |bytes: &[u8]| {
            let component = wasmtime::component::Component::new(&engine, bytes).unwrap();
            let ty = component.component_type();
            let imports: Vec<_> = ty
                .imports(&engine)
                .map(|(name, _)| name.to_owned())
                .collect();
            let exports: Vec<_> = ty
                .exports(&engine)
                .map(|(name, _)| name.to_owned())
                .collect();
            (imports, exports)
        };
        assert_eq!(compile(&before), compile(&after), "{file}");
        assert!(without_shim(&after).is_none());
    }
}

/// A component in any other form stays unchanged, and so do other bytes.
#[test]
fn components_in_other_forms_are_unchanged() {
    let shim = r#"(core module $shim
        (type (func (param i32)))
        (table (export "$imports") 1 1 funcref)
        (func (export "0") (type 0) local.get 0 i32.const 0 call_indirect (type 0)))"#;
    let rest = r#"
        (core module $main
            (import "a" "f" (func (param i32)))
            (table 1 1 funcref)
            (memory (export "memory") 1)
            (func (export "g")))
        (core module $fixup
            (import "" "0" (func (param i32)))
            (import "" "$imports" (table 1 1 funcref))
            (elem (i32.const 0) func 0))
        (import "f" (func $f (param "x" u32)))
        (core instance $shim (instantiate $shim))
        (core instance $a (export "f" (func $shim "0")))
        (core instance $main (instantiate $main (with "a" (instance $a))))
        (core func $g (canon lower (func $f)))
        (core instance $fixup (instantiate $fixup (with "" (instance
            (export "0" (func $g))
            (export "$imports" (table $shim "$imports"))))))"#;
    let component = |shim: &str, rest: &str| {
        let text = format!("(component {shim} {rest})");
        wat::parse_str(text).unwrap()
    };
    let engine = wasmtime::Engine::default();
    let inlined = without_shim(&component(shim, rest)).unwrap();
    wasmtime::component::Component::new(&engine, inlined).unwrap();

    let shims = [
        // The shim calls another function, passes other arguments, or does more.
        (
            "local.get 0 i32.const 0 call",
            "local.get 0 i32.const 1 call",
        ),
        (
            "local.get 0 i32.const 0 call",
            "i32.const 7 i32.const 0 call",
        ),
        (
            "local.get 0 i32.const 0 call",
            "nop local.get 0 i32.const 0 call",
        ),
        ("(export \"0\")", "(export \"1\")"),
        ("1 1 funcref", "1 funcref"),
        ("1 1 funcref", "2 2 funcref"),
        ("(table", "(memory 1) (table"),
        ("(type (func", "(func $s) (start $s) (type (func"),
    ];
    for (from, to) in shims {
        let changed = shim.replace(from, to);
        assert_ne!(changed, shim);
        assert!(without_shim(&component(&changed, rest)).is_none(), "{to}");
    }
    let rests = [
        // The main module has no table, or already has an export of this name.
        ("(table 1 1 funcref)\n            (memory", "(memory"),
        ("(export \"g\")", "(export \"$imports\")"),
        // Another instance uses the shim's functions too.
        (
            "(core instance $fixup (instantiate",
            "(core instance (instantiate $main (with \"a\" (instance $a))))
             (core instance $fixup (instantiate",
        ),
        (
            "(core func $g",
            "(func (param \"x\" u32) (canon lift (core func $shim \"0\"))) (core func $g",
        ),
        (
            "(core func $g",
            "(core instance (instantiate $shim)) (core func $g",
        ),
    ];
    for (from, to) in rests {
        let changed = rest.replace(from, to);
        assert_ne!(changed, rest);
        assert!(without_shim(&component(shim, &changed)).is_none(), "{to}");
    }
    for other in [
        wat::parse_str("(component)").unwrap(),
        wat::parse_str("(module)").unwrap(),
        b"\0asm".to_vec(),
        Vec::new(),
    ] {
        assert!(without_shim(&other).is_none());
    }
}

/// Truncated or damaged bytes never panic. A component that still has a shim may lose it, and is
/// compiled and refused like any other.
#[test]
fn damaged_components_do_not_panic() {
    let rewrite = |component: &[u8]| {
        without_shim(component);
        let _ = make_reusable(component);
    };
    let whole = fs::read(test_guests::PING).unwrap();
    for cut in (0..whole.len()).step_by(487) {
        rewrite(&whole[..cut]);
    }
    let start = whole.len() - 1000;
    for at in (0..100).chain(start..whole.len()) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        rewrite(&damaged);
    }
}

/// Many references to the same items are each examined once. Otherwise this test takes minutes.
#[test]
fn repeated_references_are_examined_once() {
    let shim = r#"(core module $shim (type (func))
        (table (export "$imports") 1 1 funcref)
        (func (export "0") (type 0) i32.const 0 call_indirect (type 0)))
        (core instance $shim (instantiate $shim))
        (alias core export $shim "0" (core func $f))"#;
    let exports: String = (0..10_000)
        .map(|number| format!(r#"(export "{number}" (func $f))"#))
        .collect();
    let args: String = (0..10_000)
        .map(|number| format!(r#"(with "{number}" (instance $bag))"#))
        .collect();
    let text = format!(
        r#"(component {shim} (core module $m) (core instance $bag {exports})
            (core instance (instantiate $m {args})))"#
    );
    assert!(without_shim(&wat::parse_str(text).unwrap()).is_none());

    let many: String = (0..20_000)
        .map(|number| format!("(type $t{number} (func))"))
        .collect();
    let instances = "(core instance (instantiate $m))".repeat(5000);
    let text = format!("(component (core module $m {many}) {instances})");
    assert!(without_shim(&wat::parse_str(text).unwrap()).is_none());
}
