//! How many calls are accepted and run in a second: `cargo test --release -p functions-server --test server --
//! --ignored --nocapture dispatch::rate`.

use std::time::{Duration, Instant};

use functions_server::{DispatchOptions, ServerOptions};
use prost::Message as _;

use super::support::{Call, Endpoint, Scheduler, exit, ids, send};

/// How many calls a batch has.
const BATCH: usize = 100;

/// How long each side takes its turn, and how many turns each has.
const TURN: Duration = Duration::from_secs(1);
const TURNS: u32 = 3;

/// How many clients dispatch at the same time.
const CLIENTS: usize = 4;

/// Commits the same bytes in groups of a batch, and nothing else, as often as it can; returns how many calls
/// that were.
fn bare(connection: &mut rusqlite::Connection, calls: &[Call], end: Instant) -> usize {
    let rows: Vec<_> = calls.iter().map(Call::encode_to_vec).collect();
    let mut count = 0;
    while Instant::now() < end {
        let transaction = connection.transaction().unwrap();
        for row in &rows {
            let mut insert = transaction
                .prepare_cached("INSERT INTO bare (call) VALUES (?1)")
                .unwrap();
            insert.execute([row]).unwrap();
        }
        transaction.commit().unwrap();
        count += rows.len();
    }
    count
}

/// Accepting calls, against a bare loop of group commits of the same bytes, in turns.
#[ignore = "measures"]
#[tokio::test(flavor = "multi_thread")]
async fn accepting_against_bare_commits() {
    let folder = tempfile::tempdir().unwrap();
    let options = ServerOptions::default().data_dir(folder.path().join("data"));
    let dispatch = DispatchOptions::default()
        .concurrency(1)
        .capacity(usize::MAX);
    let scheduler = Scheduler::with(options, dispatch).await;
    let silent = Endpoint::raw(|_, _| None).await;
    let calls = vec![silent.call("myFunction"); BATCH];
    let mut connection = rusqlite::Connection::open(folder.path().join("bare.db")).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE bare (number INTEGER PRIMARY KEY, call BLOB NOT NULL) STRICT;",
        )
        .unwrap();
    let (mut accepted, mut committed) = (0, 0);
    for _ in 0..TURNS {
        committed += bare(&mut connection, &calls, Instant::now() + TURN);
        let end = Instant::now() + TURN;
        let clients = (0..CLIENTS).map(|_| {
            let (api, calls) = (scheduler.api.clone(), calls.clone());
            tokio::spawn(async move {
                let mut count = 0;
                while Instant::now() < end {
                    count += ids(send(&api, calls.clone()).await).len();
                }
                count
            })
        });
        for client in clients.collect::<Vec<_>>() {
            accepted += client.await.unwrap();
        }
    }
    let ratio =
        f64::from(u32::try_from(accepted).unwrap()) / f64::from(u32::try_from(committed).unwrap());
    println!("{accepted} calls accepted, {committed} committed by a bare loop: {ratio:.2}");
    scheduler.stop().await;
}

/// Running calls at an endpoint of this machine.
#[ignore = "measures"]
#[tokio::test(flavor = "multi_thread")]
async fn running_calls() {
    const CALLS: usize = 3000;
    let folder = tempfile::tempdir().unwrap();
    let options = ServerOptions::default().data_dir(folder.path().join("data"));
    let scheduler = Scheduler::with(options, DispatchOptions::default()).await;
    let endpoint = Endpoint::answering(|_, _| exit(1, "done")).await;
    let begun = Instant::now();
    let mut last = String::new();
    for _ in 0..CALLS / BATCH {
        let ids = scheduler.dispatch(vec![endpoint.call("f"); BATCH]).await;
        last = ids.last().unwrap().clone();
    }
    scheduler.wait(&last, "succeeded").await;
    let per_second = CALLS as f64 / begun.elapsed().as_secs_f64();
    println!("{per_second:.0} calls a second");
    scheduler.stop().await;
}
