//! Tests that fail when an assumption of the rewrites changes, until somebody has reviewed them.

use std::path::Path;

use wasmtime::Engine;
use wasmtime::component::Component;

use super::check_types;

fn repository(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    std::fs::read_to_string(path).unwrap()
}

/// A new wasmtime may have instructions, sections, kinds of handles and ways to instantiate that no
/// list covers. Review:
///
/// - `reusable/instructions.rs`: each new proposal is either refused, or changes nothing but memory
///   and globals. A listed proposal may have new instructions.
/// - `reusable/module.rs`, `reusable/reusable_module.rs`, `index_spaces.rs`: new sections,
///   canonical functions, options and index spaces.
/// - `reusable/handles.rs`: new types that contain a handle, and what the table of handles keeps.
/// - `reusable/parameters.rs`: which parameters are passed without memory.
/// - `pool/`: the contracts of `MemoryCreator` and `StackCreator`, and whether the on-demand
///   allocator keeps anything between instances.
/// - `engine/config.rs`: whether wasmtime's pool clears swapped-out pages (wasmtime's pull request
///   14357). Then `pagemap_scan` may be enabled again.
///
/// Then run `cargo xtask fuzz --seconds 1800`, and write the new version here.
#[test]
fn wasmtime_has_the_reviewed_version() {
    let lock = repository("Cargo.lock");
    for (name, version) in [("wasmtime", "48.0.8"), ("wasmparser", "0.254.2")] {
        let package = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        assert!(
            lock.contains(&package),
            "{name} is not {version}: see above"
        );
    }
}

/// Reset instances rely on `invoke` taking one handle and nothing else. A parameter in memory runs
/// the function's allocator before its globals are set. A second handle changes the table of
/// handles. Review `reusable/` before changing the signature here.
#[test]
fn invoke_has_the_reviewed_signature() {
    let wit = repository("wit/web/web.wit");
    let invoke = "  invoke: func(request: buffer) -> reply;\n";
    assert_eq!(wit.matches(" invoke: ").count(), 1);
    assert!(wit.contains(invoke), "invoke has changed: see above");
}

/// No parameter of `invoke` needs memory of the instance, in a function made with the SDK.
#[test]
fn invoke_parameters_need_no_memory() {
    let engine = Engine::default();
    let component = std::fs::read(test_guests::PING).unwrap();
    let component = Component::new(&engine, component).unwrap();
    assert_eq!(check_types(&component, &engine), Ok(()));
}
