use std::process::Command;

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use super::{component, engine};
use crate::compile::rewrite::{VERIFY, make_reusable};
use crate::pool::seeded_bugs::{self, Bug};

/// Changes all globals that can be changed.
const CHANGE: &str = "
    (global.set $i (local.get 0))
    (global.set $l (i64.const 5))
    (global.set $s (f32.const nan:0x200001))
    (global.set $d (f64.const nan:0x8000000000001))
    local.get 0";

/// What an instance says of its globals, after a request that changed them.
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

/// All globals have their first value again, bit by bit.
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

/// One that keeps its value is told by its number, from 1 on: with a bug that is put in on purpose, in a
/// process of its own.
#[test]
fn a_global_that_is_kept_is_told() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = "compile::rewrite::reusable::tests::verify::keeps_a_global";
    let ended = command
        .args(["--exact", name, "--ignored"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(
        ended.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[test]
#[ignore = "puts a bug into the process: `a_global_that_is_kept_is_told` runs it"]
fn keeps_a_global() {
    seeded_bugs::seed(Bug::FirstGlobalKept as u8);
    assert_eq!(verify(""), 1);
}
