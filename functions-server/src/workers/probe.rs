//! Whether a component can have workers, for programs that have no server.

use bytes::Bytes;
use host_harness::Harness;

use super::engines::LinkedEngine;
use super::exports::Exports;

/// How many functions a component exports that its workers would have.
///
/// Compiles the component, and links it as `functions component add` would.
///
/// ```no_run
/// # fn check(wasm: Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
/// let harness = host_harness::Harness::builder().build()?;
/// let functions = functions_server::worker_functions(&harness, wasm)?;
/// println!("its workers have {functions} functions");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The text says why the component cannot have workers.
pub fn worker_functions(harness: &Harness, wasm: impl Into<Bytes>) -> Result<usize, String> {
    let engine = harness.deterministic_engine();
    let linked = engine.and_then(LinkedEngine::new);
    let linked = linked.map_err(|error| format!("{error:#}"))?;
    let component = linked.check(wasm.into());
    let component = component.map_err(|error| error.to_string())?;
    let exports = Exports::of(&component, linked.engine.wasmtime());
    let exports = exports.map_err(|error| error.to_string())?;
    Ok(exports.names().count())
}
