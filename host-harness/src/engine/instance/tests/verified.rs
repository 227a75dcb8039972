//! An incomplete reset is detected, whatever causes it. Tests seed a bug in a child process, which
//! aborts.

use std::process::Command;

use super::*;
use crate::pool::seeded_bugs::{self, Bug};

/// Names the bug in the child process, which is expected to abort.
const BUG: &str = "HOST_HARNESS_TEST_BUG";

/// Runs a test of this file in a child process with a bug, and returns its standard error.
fn ends_with(bug: Bug, test: &str) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = format!("engine::instance::tests::verified::{test}");
    let command = command.args(["--exact", &name, "--ignored", "--nocapture"]);
    let output = command.env(BUG, (bug as u8).to_string()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{stderr}");
    stderr
}

fn seed() {
    seeded_bugs::seed(std::env::var(BUG).unwrap().parse().unwrap());
}

/// Uncleared memory aborts the process, with a message that names the function.
#[test]
fn uncleared_memory_aborts() {
    let stderr = ends_with(Bug::FaultsIgnored, "with_uncleared_memory");
    assert!(
        stderr.contains(
            "the isolation of function \"f\" failed: after a reset, its memory differs at 0x"
        ),
        "{stderr}"
    );
}

#[tokio::test]
#[ignore = "aborts the process: `uncleared_memory_aborts` runs it"]
async fn with_uncleared_memory() {
    seed();
    let host = Host::new(test_guests::REMEMBER);
    for at in 0..20 {
        host.get(&format!("write={}:100:7", 300_000 + at * 5000))
            .await;
    }
}

/// The same for a memory slot that another instance gets, and for pages beyond the known ones.
#[test]
fn uncleared_slot_aborts() {
    let stderr = ends_with(Bug::PartsLeft, "with_uncleared_parts");
    assert!(
        stderr.contains("the isolation of function \"f\" failed"),
        "{stderr}"
    );
}

#[tokio::test]
#[ignore = "aborts the process: `uncleared_slot_aborts` runs it"]
async fn with_uncleared_parts() {
    seed();
    let host = Host::new(test_guests::REMEMBER);
    let writes: String = (0..20)
        .map(|at| format!("write={}:9:7&", 300_000 + at * 9000))
        .collect();
    let trapped = host.ask(&format!("{writes}trap"), Body::empty()).await;
    assert!(trapped.is_err());
}
