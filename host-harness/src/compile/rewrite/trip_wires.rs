//! Tests that fail when something changes that the rewriting was written for, until somebody has looked.

use std::path::Path;

use wasmtime::Engine;
use wasmtime::component::Component;

use super::check_types;

fn repository(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    std::fs::read_to_string(path).unwrap()
}

/// A new wasmtime may have instructions, sections, kinds of handles, and ways to make an instance that are
/// on no list. Look again at:
///
/// - `renewable/instructions.rs`: is each new proposal either refused, or does it change nothing but memory
///   and globals? A proposal that is on the list may have new instructions.
/// - `renewable/module.rs`, `renewable/shape.rs`, `spaces.rs`: new sections, new canonical functions and
///   options, new kinds of what has a number.
/// - `renewable/handles.rs`: new types that hold a handle; what the table of handles keeps.
/// - `renewable/parameters.rs`: what is passed without memory.
/// - `places/`: what `MemoryCreator` and `StackCreator` promise; whether the on-demand allocator keeps
///   anything from one instance to the next.
/// - `config.rs`: whether the pool clears pages that were swapped out (wasmtime's pull request 14357), and
///   then whether `pagemap_scan` may be used again.
///
/// Then run `cargo xtask fuzz --seconds 1800`, and write the new version here.
#[test]
fn wasmtime_is_the_version_that_was_looked_at() {
    let lock = repository("Cargo.lock");
    for (name, version) in [("wasmtime", "48.0.8"), ("wasmparser", "0.254.2")] {
        let package = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        assert!(
            lock.contains(&package),
            "{name} is not {version}: see above"
        );
    }
}

/// Reset instances rest on `invoke` taking one handle and nothing else: what needs memory runs the
/// function's allocator before its globals are set, and a second handle makes the table of handles another.
/// Look again at `renewable/` before writing another signature here.
#[test]
fn invoke_is_the_one_that_was_looked_at() {
    let wit = repository("wit/web/web.wit");
    let invoke = "  invoke: func(request: buffer) -> reply;\n";
    assert_eq!(wit.matches(" invoke: ").count(), 1);
    assert!(wit.contains(invoke), "invoke has changed: see above");
}

/// No parameter of `invoke` needs memory of the instance, in a function as the SDK makes it.
#[test]
fn invoke_needs_no_memory() {
    let engine = Engine::default();
    let component = std::fs::read(test_guests::PING).unwrap();
    let component = Component::new(&engine, component).unwrap();
    assert_eq!(check_types(&component, &engine), Ok(()));
}
