//! How many calls are accepted and run in a second: `cargo test --release -p functions-server --test server --
//! --ignored --nocapture dispatch::rate`.

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use functions_server::{DispatchOptions, ServerOptions};
use http::Method;
use prost::Message as _;
use rusqlite::{Connection, OpenFlags};

use super::support::{Call, DispatchRequest, Endpoint, Scheduler, call, exit};

/// How many calls a batch has.
const BATCH: usize = 100;

/// How long each side takes its turn, and how many turns each has.
const TURN: Duration = Duration::from_secs(1);
const TURNS: u32 = 3;

/// The rows of calls as a server writes them, committed in groups of a batch by a loop that does nothing else.
struct Bare {
    connection: Connection,
    call: Call,
}

impl Bare {
    /// With the tables, indices and settings of a server's database.
    fn new(database: &Path, server: &Path, call: Call) -> Self {
        let connection = Connection::open(database).unwrap();
        let pragmas =
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
                       PRAGMA journal_size_limit = 16777216;";
        connection.execute_batch(pragmas).unwrap();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let server = Connection::open_with_flags(server, flags).unwrap();
        let mut schema = server
            .prepare("SELECT sql FROM sqlite_schema WHERE tbl_name = 'calls' AND sql IS NOT NULL")
            .unwrap();
        let mut rows = schema.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let sql: String = row.get(0).unwrap();
            connection.execute_batch(&sql).unwrap();
        }
        Self { connection, call }
    }

    /// Commits until `end`, and returns how many rows.
    fn commit(&mut self, end: Instant) -> usize {
        let input = self.call.input.as_ref().unwrap().encode_to_vec();
        let mut count = 0;
        while Instant::now() < end {
            let transaction = self.connection.transaction().unwrap();
            let mut insert = transaction
                .prepare_cached(
                    "INSERT INTO calls (id, correlation, endpoint, function, version, input, state, round, parent_round,
                         failures, due, attempts, delivered, created, expires, allowance)
                     VALUES (?1, 0, ?2, ?3, '', ?4, 0, 0, 0, 0, ?5, 0, 0, ?5, ?6, 86400000)",
                )
                .unwrap();
            let now = 1_790_000_000_000_i64;
            for _ in 0..BATCH {
                // As a server's, they begin with a time that grows.
                let id = format!("{count:012x}{:020x}", fastrand::u64(..));
                let (endpoint, function) = (&self.call.endpoint, &self.call.function);
                insert
                    .execute((id, endpoint, function, &input, now, now + 86_400_000))
                    .unwrap();
                count += 1;
            }
            drop(insert);
            transaction.commit().unwrap();
        }
        count
    }
}

/// Sends the same batch until `end`, and returns how many calls were accepted.
async fn accept(scheduler: &Scheduler, body: &Bytes, clients: usize, end: Instant) -> usize {
    let clients = (0..clients).map(|_| {
        let (api, body) = (scheduler.api.clone(), body.clone());
        tokio::spawn(async move {
            let mut count = 0;
            while Instant::now() < end {
                let path = "/dispatch.sdk.v1.DispatchService/Dispatch";
                let media = "application/proto";
                let answer = api.send(Method::POST, path, media, body.clone()).await;
                assert_eq!(answer.status, 200, "{}", answer.text());
                count += BATCH;
            }
            count
        })
    });
    let mut count = 0;
    for client in clients.collect::<Vec<_>>() {
        count += client.await.unwrap();
    }
    count
}

/// Accepting calls of an endpoint, against the same rows in a bare loop of group commits, in turns.
async fn compare(name: &str, endpoint: &str, concurrency: usize) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let dispatch = DispatchOptions::default()
        .concurrency(concurrency)
        .capacity(usize::MAX);
    let options = ServerOptions::default().data_dir(&data);
    let scheduler = Scheduler::with(options, dispatch).await;
    let call = call(endpoint, "myFunction");
    let calls = vec![call.clone(); BATCH];
    let body = Bytes::from(DispatchRequest { calls }.encode_to_vec());
    let bare = folder.path().join("bare.db");
    let mut bare = Bare::new(&bare, &data.join("functions.db"), call);
    for clients in [1, 4] {
        let (mut accepted, mut committed) = (0, 0);
        for _ in 0..TURNS {
            committed += bare.commit(Instant::now() + TURN);
            accepted += accept(&scheduler, &body, clients, Instant::now() + TURN).await;
        }
        let ratio = accepted as f64 / committed as f64;
        println!(
            "{name}, clients: {clients}: {accepted} accepted, {committed} committed by a bare loop: {ratio:.2}"
        );
    }
    scheduler.stop().await;
}

/// Calls that wait, since their endpoint never answers.
#[ignore = "measures"]
#[tokio::test(flavor = "multi_thread")]
async fn accepting_calls_that_wait() {
    let silent = Endpoint::raw(|_, _| None).await;
    compare("calls that wait", &silent.url(), 1).await;
}

/// Calls that run at once, and fail since nothing listens.
#[ignore = "measures"]
#[tokio::test(flavor = "multi_thread")]
async fn accepting_calls_that_run() {
    compare("calls that run", "http://127.0.0.1:9", 100).await;
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
