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

/// How many kills, and how many roots are dispatched before each: they have two children each. `FUNCTIONS_KILLS`
/// sets another number of kills, each among as many roots as a soak has.
const KILLS: u32 = 5;
const ROOTS: usize = 100;
const SOAK_ROOTS: usize = 1000;

/// How many roots are dispatched at once.
const BATCH: usize = 20;

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
    let (kills, roots) = kills.map_or((KILLS, ROOTS), |number| {
        (number.parse().unwrap(), SOAK_ROOTS)
    });
    let endpoint = Endpoint::answering(|run, _| match (run.function.as_str(), &run.poll) {
        ("parent", None) => poll(&["child", "child"], 2, ""),
        _ => exit(1, "done"),
    });
    let endpoint = endpoint.await;
    let mut all = Round::default();
    let (mut among_accepting, mut among_runs) = (0, 0);
    for _ in 0..kills {
        let round = round(&endpoint, roots).await;
        among_accepting += u32::from(round.accepted < roots);
        among_runs += u32::from((1..round.calls).contains(&round.ended));
        all.accepted += round.accepted;
        all.roots += round.roots;
        all.calls += round.calls;
        all.ended += round.ended;
        all.runs += round.runs;
    }
    println!(
        "{kills} kills, {among_accepting} before all were accepted, {among_runs} when some had ended; {} roots \
         accepted, {} stored, {} calls, {} of which had ended before the kill, {} runs",
        all.accepted, all.roots, all.calls, all.ended, all.runs
    );
    assert!(all.accepted >= BATCH);
}

/// What there was in one folder.
#[derive(Default)]
struct Round {
    accepted: usize,
    roots: usize,
    calls: usize,
    /// Before the kill.
    ended: usize,
    runs: usize,
}

/// Dispatches calls to a scheduler, kills it at a random moment, and lets another run what is left.
async fn round(endpoint: &Endpoint, roots: usize) -> Round {
    let folder = tempfile::tempdir().unwrap();
    let running = open(folder.path()).await;
    let admin = json!({"name": "root", "scopes": ["admin"]});
    let admin = running.management().post("/v1/tokens", admin).await.ok(201);
    let token = admin["token"].as_str().unwrap().to_owned();
    running.stop().await;

    let accepted = dispatch_and_kill(folder.path(), &token, endpoint, roots).await;
    // Requests that the child had sent arrive.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let before = endpoint.seen().len();
    let running = open(folder.path()).await;
    let stored = all(&running.management().token(&token)).await;
    let id = |call: &Value| call["id"].as_str().unwrap().to_owned();
    let ids: HashSet<_> = stored.iter().map(id).collect();
    for call in &accepted {
        assert!(ids.contains(call), "{call} was accepted, and is lost");
    }
    let is_root = |call: &&Value| call["parent"].is_null();
    let roots = stored.iter().filter(is_root).count();
    assert_eq!(roots % BATCH, 0, "a batch is there in part");
    let has_ended = |call: &&Value| call["state"] == "succeeded";
    let ended: HashSet<_> = stored.iter().filter(has_ended).map(id).collect();

    let scheduler = Scheduler::of(running, &token, DispatchOptions::default()).await;
    let deadline = Instant::now() + Duration::from_secs(120);
    let calls = loop {
        let calls = all(&scheduler.admin).await;
        for call in &calls {
            assert!(
                call["state"] != "failed" && call["state"] != "cancelled",
                "{call}"
            );
        }
        if calls.iter().all(|call| has_ended(&call)) {
            break calls;
        }
        assert!(Instant::now() < deadline, "calls do not end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    for seen in &endpoint.seen()[before..] {
        let run = &seen.run;
        assert!(!ended.contains(&run.id), "runs after its end: {run:?}");
    }
    assert_eq!(calls.iter().filter(is_root).count(), roots);
    assert_eq!(calls.len(), 3 * roots, "each root has two children");
    scheduler.stop().await;
    Round {
        accepted: accepted.len(),
        roots,
        calls: calls.len(),
        ended: ended.len(),
        runs: endpoint.forget(),
    }
}

/// Returns the ids of the roots that were accepted before the kill.
async fn dispatch_and_kill(
    folder: &Path,
    token: &str,
    endpoint: &Endpoint,
    roots: usize,
) -> Vec<String> {
    let (mut child, address) = spawn(folder);
    let api = Client::new(format!("http://{address}")).token(token);
    // Every other kill falls into the time in which the roots are accepted, or close to it.
    let longest = 3 * u64::try_from(roots).unwrap() / if fastrand::bool() { 10 } else { 1 };
    let end = Instant::now() + Duration::from_millis(fastrand::u64(10..longest));
    let mut accepted = Vec::new();
    while accepted.len() < roots && Instant::now() < end {
        let sending = send(&api, vec![endpoint.call("parent"); BATCH]);
        if let Ok(answer) = tokio::time::timeout_at(end.into(), sending).await {
            accepted.extend(ids(answer));
        }
    }
    tokio::time::sleep_until(end.into()).await;
    child.kill().unwrap();
    child.wait().unwrap();
    accepted
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
