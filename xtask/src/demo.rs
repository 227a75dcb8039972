//! `cargo demo`.

/// Builds and runs every example.
pub(crate) fn run() -> anyhow::Result<()> {
    anyhow::bail!("not yet")
}
