//! A scheduler that is killed at any moment loses no call that it accepted, and runs none again whose end
//! it had recorded.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use functions_server::{DispatchOptions, ServerOptions};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::support::{Endpoint, Scheduler, exit, ids, poll, send};
use crate::support::{Client, Running, builder};

/// How many kills; `FUNCTIONS_KILLS` sets another number.
const KILLS: u32 = 5;

/// How many roots are dispatched at once. Each has two children.
const BATCH: usize = 20;

/// How many roots there are at most: what is left at the end has to be run.
const MAX_ROOTS: usize = 1000;

/// The child's folder.
const FOLDER: &str = "FUNCTIONS_DISPATCH_KILL_FOLDER";

/// Marks the child's line among those of the test's harness.
const MARK: &str = "@@";

async fn open(folder: &Path) -> Running {
    let options = ServerOptions::default().data_dir(folder);
    Running::with(builder().allow_host("127.0.0.1"), options).await
}

/// Nothing that was accepted is lost by SIGKILL, and each call ends once.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn killed_scheduler_loses_no_call() {
    let kills = std::env::var("FUNCTIONS_KILLS").ok();
    let kills = kills.map_or(KILLS, |number| number.parse().unwrap());
    let endpoint = Endpoint::answering(|run, _| match (run.function.as_str(), &run.poll) {
        ("parent", None) => poll(&["child", "child"], 2, ""),
        _ => exit(1, "done"),
    });
    let endpoint = endpoint.await;
    let folder = tempfile::tempdir().unwrap();
    let running = open(folder.path()).await;
    let admin = json!({"name": "root", "scopes": ["admin"]});
    let admin = running.management().post("/v1/tokens", admin).await.ok(201);
    let token = admin["token"].as_str().unwrap().to_owned();
    running.stop().await;

    let mut accepted = Vec::new();
    // Calls whose end was seen in the store, and how many runs there had been by then.
    let (mut ended, mut checked) = (HashSet::new(), 0);
    for _ in 0..kills {
        let (mut child, address) = spawn(folder.path());
        let api = Client::new(format!("http://{address}")).token(&token);
        let end = Instant::now() + Duration::from_millis(fastrand::u64(20..400));
        while Instant::now() < end {
            if accepted.len() < MAX_ROOTS {
                let sending = send(&api, vec![endpoint.call("parent"); BATCH]);
                if let Ok(answer) = tokio::time::timeout_at(end.into(), sending).await {
                    accepted.extend(ids(answer));
                }
            } else {
                tokio::time::sleep_until(end.into()).await;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // Requests that the child had sent arrive.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let seen = endpoint.seen();
        for seen in &seen[checked..] {
            assert!(
                !ended.contains(&seen.run.id),
                "runs after its end: {:?}",
                seen.run
            );
        }
        checked = seen.len();
        let running = open(folder.path()).await;
        for call in all(&running.management().token(&token)).await {
            assert!(
                call["state"] != "failed" && call["state"] != "cancelled",
                "{call}"
            );
            if call["state"] == "succeeded" {
                ended.insert(call["id"].as_str().unwrap().to_owned());
            }
        }
        running.stop().await;
    }

    let scheduler = Scheduler::of(
        open(folder.path()).await,
        &token,
        DispatchOptions::default(),
    );
    let scheduler = scheduler.await;
    for id in &accepted {
        scheduler.wait(id, "succeeded").await;
    }
    for seen in &endpoint.seen()[checked..] {
        assert!(
            !ended.contains(&seen.run.id),
            "runs after its end: {:?}",
            seen.run
        );
    }
    let calls = all(&scheduler.admin).await;
    let roots = calls.iter().filter(|call| call["parent"].is_null());
    println!(
        "{kills} kills, {} accepted roots, {} roots and {} calls in all, {} runs",
        accepted.len(),
        roots.count(),
        calls.len(),
        endpoint.seen().len()
    );
    assert!(accepted.len() >= BATCH);
    scheduler.stop().await;
}

/// All calls of a server.
async fn all(admin: &Client) -> Vec<Value> {
    let (mut calls, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/dispatch/calls?limit=1000{after}");
        let page = admin.get(&path).await.ok(200);
        calls.extend(page["calls"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return calls,
        }
    }
}

/// Starts a child, and returns where its scheduler listens.
fn spawn(folder: &Path) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "dispatch::kill::child",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = loop {
        let line = lines.next().unwrap().unwrap();
        if let Some((_, address)) = line.split_once(MARK) {
            break address.to_owned();
        }
    };
    // A full pipe would stop the child.
    std::thread::spawn(move || lines.for_each(drop));
    (child, address)
}

/// The child: a scheduler until it is killed.
#[ignore = "is started by another test"]
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let running = open(Path::new(&folder)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut output = std::io::stdout();
    let line = format!("\n{MARK}{address}\n");
    output.write_all(line.as_bytes()).unwrap();
    output.flush().unwrap();
    let end = tokio::time::sleep(Duration::from_secs(60));
    let options = DispatchOptions::default();
    running
        .server
        .serve_dispatch(listener, options, end)
        .await
        .unwrap();
}
