//! What the compiler says when a handler does not fit.

use std::process::Command;

/// The compiler's words change from version to version: these are the ones of the workspace's own
/// `rust-version`, and with any other the test has nothing to say.
#[test]
fn messages_are_readable() {
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
    // The compiler lists what else would do, and more features make that list longer. A test of the
    // whole workspace turns them on: `cargo test -p functions-guest-web --test compile_fail` does not.
    if cfg!(any(
        feature = "router",
        feature = "tower",
        feature = "form",
        feature = "cbor"
    )) {
        eprintln!("skipped: the messages are those of the default features");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/compile-fail/*.rs");
}
