use wasmtime::component::Component;

use super::engine;
use crate::compile::rewrite::reusable::handles::imports_return_handles;

/// An import that returns a handle is found, at any depth of its result.
#[test]
fn returned_handles_are_found() {
    let engine = engine();
    let imports = |ty: &str, result: &str| {
        let text = format!(
            r#"(component (import "i" (instance
                (export "r" (type $r (sub resource)))
                {ty}
                (export "f" (func (param "x" (borrow $r)) {result})))))"#
        );
        Component::new(&engine, wat::parse_str(text).unwrap()).unwrap()
    };
    for (ty, result) in [
        ("", ""),
        ("", "(result string)"),
        ("", "(result (list (tuple string (list u8))))"),
        ("", "(result (result (option u64) (error string)))"),
    ] {
        assert!(
            !imports_return_handles(&imports(ty, result), &engine),
            "{result}"
        );
    }
    for (ty, result) in [
        ("", "(result (own $r))"),
        ("", "(result (list (own $r)))"),
        ("", "(result (option (own $r)))"),
        ("", "(result (tuple u8 (own $r)))"),
        ("", "(result (result (own $r)))"),
        ("", "(result (result u8 (error (own $r))))"),
        (
            r#"(type $v' (variant (case "a") (case "b" (own $r)))) (export "v" (type $v (eq $v')))"#,
            "(result $v)",
        ),
        (
            r#"(type $v' (record (field "a" (own $r)))) (export "v" (type $v (eq $v')))"#,
            "(result (list $v))",
        ),
    ] {
        assert!(
            imports_return_handles(&imports(ty, result), &engine),
            "{result}"
        );
    }
}
