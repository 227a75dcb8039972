//! Small uploads whose types stand for millions.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::support::{form, golem};
use crate::support::Running;

/// How long an upload may take, on a busy machine.
const MAX_TIME: Duration = Duration::from_secs(30);

/// A component with these types, and exports of a function that takes a list of the type `$last`.
fn exporting(types: &str, last: &str, exports: usize) -> String {
    let mut text = format!(
        r#"(component {types}
          (core module $m (memory (export "m") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
            (func (export "f") (param i32 i32)))
          (core instance $i (instantiate $m))
          (type $f (func (param "p" (list {last}))))
          (func $f (type $f) (canon lift (core func $i "f") (memory (core memory $i "m"))
            (realloc (core func $i "realloc"))))"#
    );
    for number in 0..exports {
        let _ = write!(text, "(export \"f{number}\" (func $f))");
    }
    text + ")"
}

/// Types of which each has `of` with the one before.
fn nested(levels: usize, of: impl Fn(&str) -> String) -> String {
    let mut types = String::from("(type $t0 u8)");
    for level in 1..=levels {
        let of = of(&format!("$t{}", level - 1));
        let _ = write!(types, "(type $t{level} {of})");
    }
    types
}

/// An import of an instance that has two instances of the kind before.
fn imports(levels: usize) -> String {
    let mut text = String::from("(component (type $t0 (instance (export \"f\" (func))))");
    for level in 1..=levels {
        let _ = write!(
            text,
            "(type $t{level} (instance (alias outer 1 $t{} (type $t))
               (export \"a\" (instance (type $t))) (export \"b\" (instance (type $t)))))",
            level - 1
        );
    }
    text + &format!("(import \"x\" (instance (type $t{levels}))))")
}

/// They are refused soon, and say why.
#[tokio::test(flavor = "multi_thread")]
async fn types_that_explode_are_refused() {
    let running = Running::start().await;
    let client = golem(&running).await;
    let pair = |inner: &str| format!("(tuple {inner} {inner})");
    let result = |inner: &str| format!("(result {inner} (error {inner}))");
    let option = |inner: &str| format!("(option {inner})");
    let fields = |inner: &str| {
        let fields = (0..20).map(|number| {
            let name = "x".repeat(1000);
            format!("(field \"{name}{number}\" {inner})")
        });
        format!("(record {})", fields.collect::<String>())
    };
    let mut bombs = Vec::new();
    for levels in [16, 19, 24, 90] {
        bombs.push(exporting(&nested(levels, pair), &format!("$t{levels}"), 1));
        bombs.push(exporting(
            &nested(levels, result),
            &format!("$t{levels}"),
            1,
        ));
    }
    for levels in [40, 90, 5000] {
        bombs.push(exporting(
            &nested(levels, option),
            &format!("$t{levels}"),
            1,
        ));
    }
    bombs.push(exporting(&nested(3, fields), "$t3", 1));
    bombs.push(exporting(&nested(10, pair), "$t10", 5000));
    bombs.push(imports(12));
    bombs.push(imports(16));
    bombs.push(imports(25));
    for (number, bomb) in bombs.iter().enumerate() {
        let begun = Instant::now();
        let wasm = wat::parse_str(bomb).unwrap();
        let parts: [(&str, &[u8]); 2] = [("name", b"bomb"), ("component", &wasm)];
        let answer = form(&client, "/v1/components", &parts).await;
        let took = begun.elapsed();
        println!(
            "{number}: {} bytes, {took:?}, {}",
            wasm.len(),
            answer.text()
        );
        assert_eq!(answer.status, 400, "{number}: {}", answer.text());
        assert!(took < MAX_TIME, "{number}: {took:?}");
    }
}
