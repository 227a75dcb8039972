//! A reset that leaves something is noticed, whatever leaves it: here bugs that are put in on purpose, in
//! a process of their own, which they end.

use std::process::Command;

use super::*;
use crate::pool::seeded_bugs::{self, Bug};

/// Set in a process that is to end.
const BUG: &str = "HOST_HARNESS_TEST_BUG";

/// Runs a test of this file once more, with a bug, and returns what it says in the end.
fn ends_with(bug: Bug, test: &str) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = format!("engine::instance::tests::verified::{test}");
    let command = command.args(["--exact", &name, "--ignored", "--nocapture"]);
    let ended = command.env(BUG, (bug as u8).to_string()).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!ended.status.success(), "{said}");
    said
}

fn seed() {
    seeded_bugs::seed(std::env::var(BUG).unwrap().parse().unwrap());
}

/// Memory that is not cleared ends the process, and the message names the function.
#[test]
fn memory_that_is_left_is_noticed() {
    let said = ends_with(Bug::FaultsIgnored, "leaves_memory");
    assert!(
        said.contains(
            "the isolation of function \"f\" failed: after a reset, its memory differs at 0x"
        ),
        "{said}"
    );
}

#[tokio::test]
#[ignore = "ends the process: `memory_that_is_left_is_noticed` runs it"]
async fn leaves_memory() {
    seed();
    let host = Host::new(test_guests::REMEMBER);
    for at in 0..20 {
        host.get(&format!("write={}:100:7", 300_000 + at * 5000))
            .await;
    }
}

/// The same of a memory that goes to the next instance, and of pages beyond those that are known.
#[test]
fn memory_that_is_left_in_a_slot_is_noticed() {
    let said = ends_with(Bug::PartsLeft, "leaves_parts");
    assert!(
        said.contains("the isolation of function \"f\" failed"),
        "{said}"
    );
}

#[tokio::test]
#[ignore = "ends the process: `memory_that_is_left_in_a_slot_is_noticed` runs it"]
async fn leaves_parts() {
    seed();
    let host = Host::new(test_guests::REMEMBER);
    let writes: String = (0..20)
        .map(|at| format!("write={}:9:7&", 300_000 + at * 9000))
        .collect();
    let trapped = host.ask(&format!("{writes}trap"), Body::empty()).await;
    assert!(trapped.is_err());
}
