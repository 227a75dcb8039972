//! What the compiler says of a handler that takes the body twice where another handler gives it.
#![cfg(feature = "router")]

use std::process::Command;

/// Behind a route, as a fallback, in `HandleErrors`, and whichever of the SDK's body extractors it are. The
/// compiler's words are those of the workspace's own `rust-version`.
#[test]
fn two_bodies_are_refused_inside() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .unwrap()
        .stdout;
    let version = String::from_utf8(version).unwrap();
    let pinned = env!("CARGO_PKG_RUST_VERSION");
    if !version.starts_with(&format!("rustc {pinned}.")) {
        eprintln!("skipped: the messages are those of rustc {pinned}, and this is {version}");
        return;
    }
    let tests = trybuild::TestCases::new();
    // `cargo check` does not look inside. A program that compiles has all of them built.
    tests.pass("tests/compile-fail-routed/one_body.rs");
    tests.compile_fail("tests/compile-fail-routed/two_*.rs");
}
