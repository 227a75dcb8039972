//! Figures of workers, for comparison: `cargo test --release … figures -- --ignored --nocapture`.

use std::time::Instant;

use crate::store::Time;
use crate::store::workers::{Flush, WorkerRow};

use super::*;

const WORKERS: usize = 64;

const SLICE: Duration = Duration::from_secs(2);

/// How many workers are idle at once.
const IDLE: usize = 10_000;

/// Calls of 64 workers at once, against a loop of group commits of the same rows.
#[ignore = "measures"]
#[tokio::test(flavor = "multi_thread")]
async fn durable_invocations_against_a_bare_loop() {
    let folder = tempfile::tempdir().unwrap();
    let host = Arc::new(Host::open(folder.path(), WorkerLimits::default()));
    let component = host.upload().await;
    calls(&host, &component, WORKERS, Duration::from_millis(200)).await;
    let bare = Bare::new(&host, &component).await;
    let mut ratios = Vec::new();
    for _ in 0..5 {
        let invocations = calls(&host, &component, WORKERS, SLICE).await;
        let rows = bare.rows(SLICE).await;
        println!("{invocations:.0} invocations/s, {rows:.0} rows/s");
        ratios.push(invocations / rows);
    }
    ratios.sort_by(f64::total_cmp);
    println!("ratios {ratios:.2?}, median {:.2}", ratios[2]);
    let alone = calls(&host, &component, 1, SLICE).await;
    let begun = Instant::now();
    let mut syncs = 0;
    while begun.elapsed() < SLICE {
        bare.round(1).await;
        syncs += 1;
    }
    let [one, sync] = [
        1000.0 / alone,
        SLICE.as_secs_f64() * 1000.0 / f64::from(syncs),
    ];
    println!("one worker: {one:.2} ms a call, one commit {sync:.2} ms");
}

/// Idle workers, and one that comes back.
#[ignore = "measures"]
#[tokio::test(flavor = "multi_thread")]
async fn idle_workers_and_reload() {
    let folder = tempfile::tempdir().unwrap();
    let limits = WorkerLimits {
        idle: Duration::from_secs(600),
        ..WorkerLimits::default()
    };
    let component = {
        let host = Arc::new(Host::open(folder.path(), limits.clone()));
        let component = host.upload().await;
        host.api(&component, "add", "[1]").await.unwrap();
        for _ in 1..500 {
            host.api(&component, "add", "[1]").await.unwrap();
        }
        let before = resident();
        let making = (0..WORKERS).map(|first| {
            let (host, component) = (host.clone(), component.clone());
            tokio::spawn(async move {
                for number in (first..IDLE).step_by(WORKERS) {
                    let add = invocation("add", "[1]", None);
                    host.call(&component, &format!("idle-{number}"), add)
                        .await
                        .unwrap();
                }
            })
        });
        for making in making.collect::<Vec<_>>() {
            making.await.unwrap();
        }
        let loaded = host.workers.known().len();
        assert!(loaded <= 5000, "{loaded}");
        let each = (resident() - before) / IDLE as f64;
        println!("{IDLE} idle workers, {loaded} of them loaded: {each:.1} KiB each");
        component
    };
    let host = Host::open(folder.path(), limits);
    let begun = Instant::now();
    assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[500]");
    println!(
        "first call after a restart, with compiling: {:?}",
        begun.elapsed()
    );
    host.workers
        .interrupt(&component, "w", false)
        .await
        .unwrap();
    let other = host
        .call(&component, "idle-0", invocation("total", "[]", None))
        .await;
    assert_eq!(other.unwrap(), "[1]");
    drop(host);
    let host = Host::open(folder.path(), WorkerLimits::default());
    host.call(&component, "idle-1", invocation("total", "[]", None))
        .await
        .unwrap();
    let begun = Instant::now();
    assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[500]");
    println!("reload of 1,000 entries: {:?}", begun.elapsed());
}

/// Calls a second of so many workers at once.
async fn calls(host: &Arc<Host>, component: &str, workers: usize, time: Duration) -> f64 {
    let begun = Instant::now();
    let calling = (0..workers).map(|number| {
        let (host, component) = (host.clone(), component.to_owned());
        tokio::spawn(async move {
            let name = format!("w{number}");
            let mut count = 0_u32;
            while begun.elapsed() < time {
                // With a key: the result is kept, as a row of the bare loop has one.
                let key = Uuid::new_v4().to_string();
                let add = invocation("add", "[1]", Some(&key));
                host.call(&component, &name, add).await.unwrap();
                count += 1;
            }
            count
        })
    });
    let mut count = 0;
    for calling in calling.collect::<Vec<_>>() {
        count += calling.await.unwrap();
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}

/// Rows like those of workers, without workers.
struct Bare {
    store: Arc<Store>,
    ids: Vec<i64>,
    row: Vec<u8>,
    result: Vec<u8>,
    seq: std::sync::atomic::AtomicU64,
}

impl Bare {
    async fn new(host: &Host, component: &str) -> Self {
        let store = host.workers.inner.context.store.clone();
        let of = component.to_owned();
        let read = store.read(move |connection| {
            let worker = crate::store::workers::find(connection, &of, "w0")?.unwrap();
            let row = crate::store::workers::read(connection, worker.id)?
                .rows
                .pop()
                .unwrap();
            let sql = "SELECT outcome FROM worker_results WHERE worker = ?1 LIMIT 1";
            let result = connection.query_row(sql, [worker.id], |row| row.get(0))?;
            Ok((row, result))
        });
        let (row, result): (Vec<u8>, Vec<u8>) = read.await.unwrap();
        println!("a row has {} bytes, a result {}", row.len(), result.len());
        let mut ids = Vec::new();
        for number in 0..WORKERS {
            let row = WorkerRow {
                created: Time::now(),
                ..host
                    .workers
                    .new_row("bare", &number.to_string(), 0, &Creation::default())
            };
            let create = move |connection: &_| crate::store::workers::create(connection, &row);
            ids.push(store.write(create).await.unwrap().unwrap().id);
        }
        Self {
            store,
            ids,
            row,
            result,
            seq: std::sync::atomic::AtomicU64::new(0),
        }
    }

    async fn rows(&self, time: Duration) -> f64 {
        let begun = Instant::now();
        let mut count = 0_u32;
        while begun.elapsed() < time {
            self.round(WORKERS).await;
            count += 64;
        }
        f64::from(count) / begun.elapsed().as_secs_f64()
    }

    /// One row of each of so many workers. All workers have as many rows.
    async fn round(&self, workers: usize) {
        let seq = self.seq.fetch_add(
            u64::from(workers == WORKERS),
            std::sync::atomic::Ordering::SeqCst,
        );
        let mut written = Vec::new();
        for id in &self.ids[..workers] {
            let is_alone = workers == 1;
            let flush = Flush {
                worker: *id,
                seq,
                data: if is_alone {
                    Vec::new()
                } else {
                    self.row.clone()
                },
                results: vec![(uuid::Uuid::new_v4().to_string(), seq, self.result.clone())],
                ..Flush::default()
            };
            let append = move |connection: &_| crate::store::workers::append(connection, &flush);
            written.push(self.store.submit(append).unwrap());
        }
        for written in written {
            written.await.unwrap().unwrap();
        }
    }
}

/// What the process has in memory, in KiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
