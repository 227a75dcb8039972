//! How fast asynchronous invocations are accepted.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::Method;
use rusqlite::Connection;

use crate::support::Running;

/// How long each side is measured.
const TIME: Duration = Duration::from_secs(3);

/// How many clients send at once, and how many rows a bare commit has.
const CLIENTS: usize = 64;

/// Prints how many invocations are accepted each second while they run, and how many rows of the same kind a
/// bare loop of SQLite commits on the same disk.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; run it with --ignored --nocapture"]
async fn accepting_is_compared_with_bare_commits() {
    for round in 0..3 {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let accepted = accepted_each_second(folder.path()).await;
        let bare = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = bare.path().to_owned();
        let committed = tokio::task::spawn_blocking(move || committed_each_second(&path));
        let committed = committed.await.unwrap();
        let ratio = accepted / committed;
        println!(
            "round {round}: {accepted:.0} accepted/s, {committed:.0} rows/s bare, ratio {ratio:.2}"
        );
    }
}

async fn accepted_each_second(folder: &Path) -> f64 {
    let running = Running::on(folder).await;
    let management = running.management();
    management.deploy("ping", test_guests::PING).await.ok(201);
    let count = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let client = running.functions().header("prefer", "respond-async");
            let count = count.clone();
            tokio::spawn(async move {
                while begun.elapsed() < TIME {
                    let answer = client.send(Method::POST, "/ping", "text/plain", "x").await;
                    assert_eq!(answer.status, 202, "{}", answer.text());
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    let rate = count.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    let metrics = management.get("/metrics").await;
    let commits = metrics
        .text()
        .lines()
        .find(|line| line.starts_with("functions_store_commits"));
    println!("{}", commits.unwrap_or_default());
    running.server.stop_queue().await;
    rate
}

/// The same rows, a commit for as many as there are clients.
fn committed_each_second(folder: &Path) -> f64 {
    let mut connection = Connection::open(folder.join("bare.db")).unwrap();
    let set =
        |name: &str, value: &str| connection.pragma_update_and_check(None, name, value, |_| Ok(()));
    set("journal_mode", "WAL").unwrap();
    connection
        .pragma_update(None, "synchronous", "FULL")
        .unwrap();
    connection
        .pragma_update(None, "foreign_keys", true)
        .unwrap();
    connection
        .execute_batch(include_str!("../../src/store/invocations.sql"))
        .unwrap();
    let head = r#"{"method":"POST","target":"/","headers":[["host","127.0.0.1:40000"],["prefer","respond-async"],["content-type","text/plain"]],"peer":"127.0.0.1:40000"}"#;
    let begun = Instant::now();
    let mut rows = 0_u64;
    while begun.elapsed() < TIME {
        let transaction = connection.transaction().unwrap();
        for _ in 0..CLIENTS {
            rows += 1;
            let mut id = [0; 16];
            id[..8].copy_from_slice(&rows.to_be_bytes());
            id[8..].copy_from_slice(&fastrand::u64(..).to_be_bytes());
            transaction
                .prepare_cached("INSERT INTO invocations (id, source, function, state, accepted) VALUES (?1, 'http', 'ping', 'queued', ?2)")
                .unwrap()
                .execute((id, 1_800_000_000_000_i64))
                .unwrap();
            transaction
                .prepare_cached(
                    "INSERT INTO invocation_requests (id, head, body) VALUES (?1, ?2, ?3)",
                )
                .unwrap()
                .execute((id, head, b"x"))
                .unwrap();
        }
        transaction.commit().unwrap();
    }
    rows as f64 / begun.elapsed().as_secs_f64()
}

/// Prints how long a synchronous invocation through Serverledge's API takes, and a request to the function's
/// own address, in turns.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; run it with --ignored --nocapture"]
async fn invoking_is_compared_with_the_gateway() {
    let running = Running::start().await;
    let options = functions_server::ServerledgeOptions::default();
    let edge = running.serverledge(options).await;
    let management = running.management();
    management.deploy("ping", test_guests::PING).await.ok(201);
    let body = r#"{"Params":{"a":"2"},"QoSClass":0,"QoSMaxRespT":-1,"CanDoOffloading":true,"Async":false,"ReturnOutput":false}"#;
    let sides = [
        (running.functions(), "/ping", r#"{"a":"2"}"#),
        (edge, "/invoke/ping", body),
    ];
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..2000 {
        for ((client, path, body), times) in sides.iter().zip(&mut times) {
            let begun = Instant::now();
            let answer = client
                .send(Method::POST, path, "application/json", *body)
                .await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            times.push(begun.elapsed());
        }
    }
    let medians = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    let ratio = medians[1].as_secs_f64() / medians[0].as_secs_f64();
    println!(
        "own address {:?}, Serverledge {:?}, ratio {ratio:.2}",
        medians[0], medians[1]
    );
}
