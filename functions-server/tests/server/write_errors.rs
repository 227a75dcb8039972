//! A disk that refuses writes: every change happens or is refused, and nothing that was there is lost.
//!
//! The test starts this program as a child whose files may only have a certain length, so that writes of the
//! database, its log and components fail at another place with each length.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use functions_server::{Server, ServerOptions};
use serde_json::{Value, json};

use crate::support::{Running, builder, key};

/// The child's folder, and the length that its files may have.
const FOLDER: &str = "FUNCTIONS_LIMITED_FOLDER";
const LENGTH: &str = "FUNCTIONS_LIMITED_LENGTH";

/// Marks the child's result among the lines of the test's harness.
const MARK: &str = "@@";

/// With any length of files, a refused change has changed nothing, now and after a restart.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn refused_writes_lose_nothing() {
    let (mut refused, mut changed, mut unopened) = (0, 0, 0);
    for length in (0..40).map(|step| step * 9000 + 3) {
        let folder = tempfile::tempdir().unwrap();
        let running = Running::on(folder.path()).await;
        running
            .management()
            .deploy("f", test_guests::PING)
            .await
            .ok(201);
        running
            .management()
            .deploy("g", test_guests::PING)
            .await
            .ok(201);
        let before = state(&running).await;
        running.stop().await;

        let path = folder.path().to_owned();
        let result = tokio::task::spawn_blocking(move || run_child(&path, length))
            .await
            .unwrap();
        let expected = match result.get("error") {
            Some(error) => {
                let named = folder.path().to_str().unwrap();
                assert!(error.as_str().unwrap().contains(named), "{error}");
                unopened += 1;
                &before
            }
            None => &result["state"],
        };
        refused += result["refused"].as_u64().unwrap_or_default();
        changed += result["changed"].as_u64().unwrap_or_default();
        let running = Running::on(folder.path()).await;
        assert_eq!(&state(&running).await, expected, "length {length}");
        running.stop().await;
    }
    println!("{refused} changes refused, {changed} made, {unopened} folders not opened");
    assert!(refused > 0 && changed > 0 && unopened > 0);
}

/// What is stored and what is served, without what depends on the process.
async fn state(running: &Running) -> Value {
    let (management, functions) = (running.management(), running.functions());
    let mut all = json!({});
    for name in ["f", "g", "h"] {
        let document = management
            .get(&format!("/v1/functions/{name}"))
            .await
            .json();
        let versions = management
            .get(&format!("/v1/functions/{name}/versions"))
            .await
            .json();
        let answer = functions.get(&format!("/{name}")).await;
        all[name] = json!({
            "version": document["version"],
            "digest": document["digest"],
            "settings": document["settings"],
            "versions": versions["versions"].as_array().map(Vec::len),
            "answer": [answer.status.as_u16(), answer.body == "pong"],
        });
    }
    all
}

fn run_child(folder: &Path, length: u64) -> Value {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "write_errors::child", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(LENGTH, length.to_string())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find_map(|line| Some(line.split_once(MARK)?.1));
    let line = line.unwrap_or_else(|| panic!("length {length}: {text}\n{errors}"));
    serde_json::from_str(line).unwrap()
}

/// The child: tries changes, and prints what came of them.
#[ignore = "is started by another test"]
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let (Some(folder), Ok(length)) = (std::env::var_os(FOLDER), std::env::var(LENGTH)) else {
        return;
    };
    // A write beyond the limit is an error then, and does not end the process.
    signal_hook::flag::register(
        signal_hook::consts::SIGXFSZ,
        Arc::new(AtomicBool::new(false)),
    )
    .unwrap();
    let length = length.parse().unwrap();
    rlimit::setrlimit(rlimit::Resource::FSIZE, length, length).unwrap();
    let options = ServerOptions::default()
        .data_dir(&folder)
        .secrets_key(key());
    if let Err(error) = Server::open(builder(), options) {
        println!("{MARK}{}", json!({"error": error.to_string()}));
        return;
    }
    let running = Running::on(Path::new(&folder)).await;
    let client = running.management();
    let (mut refused, mut changed) = (0, 0);
    let mut before = state(&running).await;
    for number in 0..24 {
        let answer = match number % 6 {
            0 => client.deploy("h", test_guests::PING).await,
            1 => client.deploy("f", test_guests::GREET).await,
            2 => {
                let settings = json!({"variables": {"A": format!("{number}{}", "x".repeat(5000))}});
                client.put("/v1/functions/g/settings", settings).await
            }
            3 => {
                client
                    .post("/v1/functions/f/rollback", json!({"version": 1}))
                    .await
            }
            4 => client.delete("/v1/functions/h").await,
            _ => client.deploy("g", test_guests::ECHO).await,
        };
        let after = state(&running).await;
        if answer.status.is_success() {
            changed += 1;
        } else {
            assert_eq!(after, before, "{number}: {}", answer.text());
            refused += u32::from(answer.status.is_server_error());
        }
        before = after;
    }
    println!(
        "{MARK}{}",
        json!({"refused": refused, "changed": changed, "state": before})
    );
}
