//! Where this repository is, and what its builds need.

use std::path::{Path, PathBuf};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Brings the `wasm32-wasip2` target; quick and silent when it is there.
pub(crate) fn ensure_target() -> anyhow::Result<()> {
    let script = root().join("scripts/wasm32-wasip2-from-debian.sh");
    functions_toolchain::ensure_target_or_run(&script, &mut |line| eprintln!("{line}"))?;
    Ok(())
}
