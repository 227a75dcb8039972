use wasmtime::Trap;
use wasmtime::component::Component;

use super::{component, engine, f_of};
use crate::compile::rewrite::reusable::make_reusable;

/// A component is refused if an uncounted item shifts an index space. Functions of one module would
/// pass for those of another.
#[test]
fn uncounted_indices_are_refused() {
    // The counting function hides behind another one, whose index is not what it seems.
    let counts = r#"
        (core module $m (memory (export "memory") 1)
            (global $g (mut i32) (i32.const 0))
            (func (export "real") (result i32)
                (global.set $g (i32.add (global.get $g) (i32.const 1)))
                (global.get $g))
            (func (export "f") (result i32) unreachable))"#;
    let front =
        r#"(core module $front (import "m" "real" (func (result i32))) (export "f" (func 0)))"#;
    let rest = r#"
        (core instance $m (instantiate $m))
        (core instance $front (instantiate $again (with "m" (instance $m))))
        (func (export "f") (result s32) (canon lift (core func $front "f")))"#;
    for again in [
        "(alias outer $c $front (core module $again))",
        r#"(component $n (alias outer $c $front (core module $x)) (export "m" (core module $x)))
           (instance $n (instantiate $n)) (alias export $n "m" (core module $again))"#,
        r#"(export $again "front" (core module $front))"#,
    ] {
        let text = format!("(component $c {front} {again} {counts} {rest})");
        let component = wat::parse_str(text).unwrap();
        Component::new(&engine(), &component).unwrap();
        assert!(make_reusable(&component).is_err(), "{again}");
    }

    // A function whose kind has its own encoding is counted as well.
    let mut component = component(
        r#"(func (export "real") (param i32) (result i32) local.get 0)"#,
        "unreachable",
        "",
    );
    assert!(make_reusable(&component).is_ok());
    let aliases = b"\x00\x00\x01\x00\x01f";
    let at = component.windows(aliases.len());
    let at = at.enumerate().find(|(_, part)| part == aliases).unwrap().0;
    component[at + 1] = 0x20;
    Component::new(&engine(), &component).unwrap();
    assert!(make_reusable(&component).is_err());
}

/// A component is refused if its function is also called from within, or if it exports another one.
/// The wrapper would set globals in the middle of a request.
#[test]
fn functions_called_from_within_are_refused() {
    let is_reusable = |options: &str, more: &str| {
        let text = format!(
            r#"(component
                (import "name" (func $name (result string)))
                (core module $m
                    (memory (export "memory") 1)
                    (func (export "f"))
                    (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable))
                (core module $other (import "m" "f" (func)))
                (core instance $i (instantiate $m))
                (alias core export $i "memory" (core memory $memory))
                (func $f (canon lift (core func $i "f") {options}))
                {more}
                (export "f" (func $f)))"#
        );
        let component = wat::parse_str(text).unwrap();
        Component::new(&engine(), &component).unwrap();
        make_reusable(&component).is_ok()
    };
    let realloc = |of: &str| {
        format!(
            r#"(core func (canon lower (func $name) (memory $memory) (realloc (core func $i "{of}"))))"#
        )
    };
    assert!(is_reusable("", &realloc("r")));
    assert!(!is_reusable(r#"(post-return (core func $i "f"))"#, ""));
    for more in [
        r#"(core instance (export "x" (func $i "f")))"#,
        r#"(core instance (instantiate $other (with "m" (instance $i))))"#,
        r#"(func $g (canon lift (core func $i "f"))) (export "g" (func $g))"#,
    ] {
        assert!(!is_reusable("", more), "{more}");
    }
    let r = r#"(param "a" u32) (param "b" u32) (param "c" u32) (param "d" u32) (result u32)"#;
    let lifted = |of: &str| {
        format!(
            r#"(component
                (import "name" (func $name (result string)))
                (core module $m
                    (memory (export "memory") 1)
                    (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable)
                    (func (export "s") (param i32 i32 i32 i32) (result i32) unreachable))
                (core instance $i (instantiate $m))
                (alias core export $i "memory" (core memory $memory))
                {}
                (func (export "r") {r} (canon lift (core func $i "r"))))"#,
            realloc(of)
        )
    };
    assert!(make_reusable(&wat::parse_str(lifted("s")).unwrap()).is_ok());
    assert!(make_reusable(&wat::parse_str(lifted("r")).unwrap()).is_err());
}

/// A function that calls itself through the component would have its globals set mid-request. The
/// component is reusable, because wasmtime stops such a call. Should that change, this test fails.
#[test]
fn wasmtime_stops_recursive_calls() {
    let text = r#"(component
        (core module $m
            (memory (export "memory") 1)
            (table (export "t") 1 1 funcref)
            (type $f (func (param i32) (result i32)))
            (func (export "f") (type $f)
                (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))
                (call_indirect (type $f) (i32.const 0) (i32.const 0))))
        (core module $fix
            (import "" "t" (table 1 1 funcref))
            (import "" "f" (func (param i32) (result i32)))
            (elem (i32.const 0) func 0))
        (core instance $i (instantiate $m))
        (func $f (param "x" s32) (result s32) (canon lift (core func $i "f")))
        (core func $self (canon lower (func $f)))
        (core instance (instantiate $fix (with "" (instance
            (export "t" (table $i "t"))
            (export "f" (func $self))))))
        (export "f" (func $f)))"#;
    let component = make_reusable(&wat::parse_str(text).unwrap()).unwrap();
    let (mut store, f) = f_of(&component);
    assert_eq!(f.call(&mut store, (0,)).unwrap(), (7,));
    let trap = f.call(&mut store, (1,)).unwrap_err();
    assert_eq!(trap.downcast_ref(), Some(&Trap::CannotEnterComponent));
}
