use wasmtime::component::Component;

use super::engine;
use crate::compile::NotReusable;
use crate::compile::rewrite::{check_types, make_reusable};

/// A parameter in memory would be allocated before the globals are set. If `invoke` ever takes one,
/// no function of the SDK is reused: see `sdk_functions_without_handles_are_reusable`.
#[test]
fn parameters_that_need_memory_are_refused() {
    let check = |parameter: &str, core: &str| {
        let text = format!(
            r#"(component
                (core module $m
                    (memory (export "memory") 1)
                    (func (export "r") (param i32 i32 i32 i32) (result i32) i32.const 0)
                    (func (export "f") {core}))
                (core instance $i (instantiate $m))
                (alias core export $i "memory" (core memory $memory))
                (func (export "f") {parameter}
                    (canon lift (core func $i "f") (memory $memory) (realloc (core func $i "r")))))"#
        );
        let changed = make_reusable(&wat::parse_str(text).unwrap()).unwrap();
        let engine = engine();
        check_types(&Component::new(&engine, changed).unwrap(), &engine)
    };
    for (parameter, core) in [
        (r#"(param "a" u32)"#, "(param i32)"),
        (r#"(param "a" f64) (param "b" char)"#, "(param f64 i32)"),
    ] {
        assert_eq!(check(parameter, core), Ok(()), "{parameter}");
    }
    for (parameter, core) in [
        (r#"(param "a" string)"#, "(param i32 i32)"),
        (r#"(param "a" (list u8))"#, "(param i32 i32)"),
        (r#"(param "a" (option string))"#, "(param i32 i32 i32)"),
        (r#"(param "a" (tuple u8 string))"#, "(param i32 i32 i32)"),
    ] {
        assert_eq!(
            check(parameter, core),
            Err(NotReusable::Parameters),
            "{parameter}"
        );
    }
    let many: String = (0..17).map(|at| format!(r#"(param "a{at}" u8)"#)).collect();
    assert_eq!(check(&many, "(param i32)"), Err(NotReusable::Parameters));
}
