//! Whether this host can run a component, and as what.

use std::path::Path;

use host_harness::{BuildError, FunctionSettings};

use crate::serve;

/// The name under which a component is tried.
const NAME: &str = "component";

/// What a component can be here.
#[derive(Debug)]
pub(crate) enum Runs {
    /// A function: whether its instances are reused, and if not, why.
    Function(String),
    /// Workers, which have this many functions.
    Worker(usize),
    /// Nothing: why it is not a function.
    No(BuildError),
}

impl Runs {
    /// Tries a component as a function, then as a worker.
    pub(crate) fn of(file: &Path, wasm: Vec<u8>) -> Self {
        match try_run(file, FunctionSettings::default()) {
            Ok(reuse) => Self::Function(reuse),
            Err(error) => match workers(wasm) {
                Some(functions) => Self::Worker(functions),
                None => Self::No(error),
            },
        }
    }
}

/// Compiles and links a component as `functions serve` does, with the settings of a function. Returns whether
/// its instances are reused, and if not, why.
///
/// # Errors
///
/// The host cannot run it: the error says why.
pub(crate) fn try_run(file: &Path, settings: FunctionSettings) -> Result<String, BuildError> {
    let builder = serve::default_host().builder(None);
    let builder = builder.function_settings(NAME, settings);
    let harness = builder.function(NAME, file).build()?;
    Ok(harness.describe_reuse(NAME).unwrap_or_default())
}

/// How many functions its workers would have, if it has any.
fn workers(wasm: Vec<u8>) -> Option<usize> {
    let harness = serve::default_host().builder(None).build().ok()?;
    let functions = functions_server::worker_functions(&harness, wasm).ok()?;
    (functions > 0).then_some(functions)
}
