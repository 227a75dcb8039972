//! `cargo xtask soak`: the long form of the tests that kill a server (`functions-server/tests/server/kill.rs`,
//! `kill_queue.rs` and `dispatch/kill.rs`).

use anyhow::{Context as _, bail};
use clap::Args;

use crate::workspace::{self, cargo};

/// The options of `cargo xtask soak`.
#[derive(Args)]
pub(crate) struct SoakOptions {
    /// Kill the server this many times.
    #[arg(long, value_name = "N", default_value_t = 300)]
    kills: u32,
}

/// Runs the tests with that many kills.
pub(crate) fn run(options: &SoakOptions) -> anyhow::Result<()> {
    // With the whole workspace, so that it shares its dependencies with `cargo test --workspace`.
    let status = cargo(&workspace::root())
        .env("FUNCTIONS_KILLS", options.kills.to_string())
        .args(["test", "--workspace", "--test", "server"])
        .args(["--", "--nocapture", "killed_"])
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("the soak failed: its output says what was lost");
    }
    Ok(())
}
