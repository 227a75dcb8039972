//! Whether this host can run a component.

use std::path::Path;

use host_harness::BuildError;

use crate::serve;

/// The name under which a component is tried.
const NAME: &str = "component";

/// Compiles and links a component as `functions serve` does. Returns whether its instances are reused, and if
/// not, why.
///
/// # Errors
///
/// The host cannot run it: the error says why.
pub(crate) fn try_run(file: &Path) -> Result<String, BuildError> {
    let builder = serve::default_host().builder(None);
    let harness = builder.function(NAME, file).build()?;
    Ok(harness.describe_reuse(NAME).unwrap_or_default())
}
