//! Whether this host can run a component.

use std::path::Path;

use host_harness::{BuildError, FunctionSettings};

use crate::serve;

/// The name under which a component is tried.
const NAME: &str = "component";

/// Compiles and links a component as `functions serve` does, with the settings of a function. Returns whether its instances are reused, and if
/// not, why.
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
