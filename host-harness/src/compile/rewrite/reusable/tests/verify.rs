use std::process::Command;

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use super::{component, engine};
use crate::compile::rewrite::{VERIFY, make_reusable};
use crate::pool::seeded_bugs::{self, Bug};

/// Changes all mutable globals.
const CHANGE: &str = "
    (global.set $i (local.get 0))
    (global.set $l (i64.const 5))
    (global.set $s (f32.const nan:0x200001))
    (global.set $d (f64.const nan:0x8000000000001))
    local.get 0";

/// The result of the verification, after a request that changed the globals.
fn verify(module: &str) -> u32 {
    let engine: Engine = engine();
    let changed = make_reusable(&component(module, CHANGE, "")).unwrap();
    let component = Component::new(&engine, changed).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &component)
        .unwrap();
    let f = instance
        .get_typed_func::<(i32,), (i32,)>(&mut store, "f")
        .unwrap();
    f.call(&mut store, (1,)).unwrap();
    let verify = instance
        .get_typed_func::<(), (u32,)>(&mut store, VERIFY)
        .unwrap();
    verify.call(&mut store, ()).unwrap().0
}

/// Verification finds all globals at their initial value, bit by bit.
#[test]
fn globals_are_verified() {
    assert_eq!(verify(""), 0);
    for more in [
        "(global (mut f32) (f32.const nan:0x200001))",
        "(global (mut f64) (f64.const -nan:0x4000000000001))",
        "(global (mut f64) (f64.const -0))",
    ] {
        assert_eq!(verify(more), 0, "{more}");
    }
}

/// Verification reports a global that keeps its value by its index plus 1. Uses a seeded bug, in a
/// child process.
#[test]
fn changed_global_is_reported() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = "compile::rewrite::reusable::tests::verify::with_first_global_kept";
    let output = command
        .args(["--exact", name, "--ignored"])
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && stdout.contains("1 passed"),
        "{stdout}"
    );
}

#[test]
#[ignore = "seeds a bug into the process: `changed_global_is_reported` runs it"]
fn with_first_global_kept() {
    seeded_bugs::seed(Bug::FirstGlobalKept as u8);
    assert_eq!(verify(""), 1);
}
