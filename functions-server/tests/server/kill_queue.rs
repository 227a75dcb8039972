//! A server that is killed while asynchronous invocations run: each that was accepted ends with a result.
//!
//! The test starts this program as a child, which accepts and runs invocations, and prints each that was
//! accepted. The test kills it, and the next child goes on with what it left.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, Running};

/// How many kills; `FUNCTIONS_KILLS` sets another number.
const KILLS: u32 = 10;

/// The child's folder.
const FOLDER: &str = "FUNCTIONS_KILL_QUEUE_FOLDER";

/// Marks the child's lines among those of the test's harness.
const MARK: &str = "@@";

/// How many clients the child has at the same time.
const CLIENTS: usize = 8;

/// No accepted invocation is lost by SIGKILL, and what ran more than once is what ran when the process ended.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn killed_queue_loses_nothing_accepted() {
    let kills = std::env::var("FUNCTIONS_KILLS").ok();
    let kills = kills.map_or(KILLS, |number| number.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    let management = running.management();
    management.deploy("ping", test_guests::PING).await.ok(201);
    management
        .deploy("fails", test_guests::MISBEHAVE)
        .await
        .ok(201);
    let settings = json!({"retries": 1, "retry_backoff": "1ms"});
    management
        .patch("/v1/functions/fails/settings", settings)
        .await
        .ok(200);
    running.stop().await;

    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    // The accepted invocations, and how many attempts they had when they were last seen to have ended.
    let mut accepted: BTreeMap<String, Option<Value>> = BTreeMap::new();
    for _ in 0..kills {
        let life = Duration::from_millis(random.u64(1..200));
        let path = folder.path().to_owned();
        let lines = tokio::task::spawn_blocking(move || run_child(&path, life)).await;
        accepted.extend(lines.unwrap().into_iter().map(|id| (id, None)));
        // Every other child goes on with what the one before left.
        if random.bool() {
            continue;
        }
        let running = Running::without_queue(
            crate::support::builder(),
            functions_server::ServerOptions::default()
                .data_dir(folder.path())
                .secrets_key(crate::support::key()),
        )
        .await;
        check_ended(&running.functions(), &mut accepted).await;
        running.stop().await;
    }
    let running = Running::on(folder.path()).await;
    let client = running.functions();
    let mut again = 0;
    // A busy machine may have thousands left to run, and what waited for its retry comes last.
    let deadline = Instant::now() + Duration::from_secs(60) + TIME_EACH * accepted.len() as u32;
    for (path, ended) in &accepted {
        // What waits before it has ended by then.
        let document = loop {
            let document = client.get(path).await.ok(200);
            if !document["finished"].is_null() {
                break document;
            }
            assert!(Instant::now() < deadline, "{document} never ends");
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let expected = match document["function"].as_str() {
            Some("ping") => ("succeeded", 1),
            _ => ("failed", 2),
        };
        assert_eq!(document["state"], expected.0, "{document}");
        let attempts = document["attempts"].as_u64().unwrap();
        assert!(attempts >= expected.1, "{document}");
        again += u64::from(attempts > expected.1);
        if let Some(ended) = ended {
            assert_eq!(&document, ended, "it ran again after it had ended");
        }
    }
    println!(
        "{kills} kills, {} accepted, {again} of them ran again",
        accepted.len()
    );
    assert!(!accepted.is_empty());
    // At most those that ran at a kill ran again.
    assert!(again <= u64::from(kills) * 256);
}

/// How long each accepted invocation may take in the end.
const TIME_EACH: Duration = Duration::from_millis(50);

/// How many invocations are looked at between two lives.
const SAMPLE: usize = 200;

/// Keeps what has ended of a sample, which must never change again.
async fn check_ended(client: &Client, accepted: &mut BTreeMap<String, Option<Value>>) {
    let step = accepted.len().div_ceil(SAMPLE).max(1);
    let first = fastrand::usize(..step);
    for (path, ended) in accepted.iter_mut().skip(first).step_by(step) {
        let document = client.get(path).await.ok(200);
        match ended {
            Some(ended) => assert_eq!(&document, ended, "it ran again after it had ended"),
            None if !document["finished"].is_null() => *ended = Some(document),
            None => {}
        }
    }
}

/// Starts a child, kills it after a while, and returns what it said was accepted.
fn run_child(folder: &Path, life: Duration) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill_queue::child", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (ready, is_ready) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let mut accepted = Vec::new();
        for line in output.lines().map_while(Result::ok) {
            let Some((_, line)) = line.split_once(MARK) else {
                continue;
            };
            let _ = ready.send(());
            // The last line may be cut.
            if let Some(path) = line.strip_suffix('.') {
                accepted.push(path.to_owned());
            }
        }
        accepted
    });
    let _ = is_ready.recv_timeout(Duration::from_secs(60));
    std::thread::sleep(life);
    assert!(
        child.try_wait().unwrap().is_none(),
        "the child ended by itself"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    reading.join().unwrap()
}

/// The child: invokes functions until it is killed.
#[ignore = "is started by another test"]
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let running = Running::on(Path::new(&folder)).await;
    let clients = (0..CLIENTS).map(|_| tokio::spawn(invoke(running.functions())));
    let clients: Vec<_> = clients.collect();
    tokio::time::sleep(Duration::from_secs(60)).await;
    clients.iter().for_each(tokio::task::JoinHandle::abort);
}

async fn invoke(client: Client) {
    let client = client.header("prefer", "respond-async");
    loop {
        let path = ["/ping", "/ping", "/ping", "/fails/panic"][fastrand::usize(..4)];
        let answer = client.send(Method::POST, path, "", "").await;
        if answer.status == 429 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        }
        assert_eq!(answer.status, 202, "{}", answer.text());
        let location = answer.headers["location"].to_str().unwrap();
        // In one write, and its end marks it as whole.
        let line = format!("\n{MARK}{location}.\n");
        let mut output = std::io::stdout().lock();
        output.write_all(line.as_bytes()).unwrap();
        output.flush().unwrap();
    }
}
