//! A server that is killed at any moment: no acknowledged result of a worker is lost or changes, and no request
//! is repeated whose response a worker has got.
//!
//! The test starts this program as a child, which calls workers and prints each call before and after. The test
//! kills it, and the next child goes on with what it left.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use test_guests::WORKER;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::support::{create, function, golem, id_of};
use crate::support::{Client, Running, builder, key};

/// How many kills; `FUNCTIONS_KILLS` sets another number.
const KILLS: u32 = 5;

/// What the child is told: its folder, the component, and the server that workers send requests to.
const FOLDER: &str = "FUNCTIONS_KILL_WORKERS_FOLDER";
const COMPONENT: &str = "FUNCTIONS_KILL_WORKERS_COMPONENT";
const AUTHORITY: &str = "FUNCTIONS_KILL_WORKERS_AUTHORITY";

/// Marks the child's lines among those of the test's harness.
const MARK: &str = "@@";

const WORKERS: usize = 6;

/// What is known of a call.
#[derive(Debug)]
struct Call {
    worker: String,
    function: String,
    params: String,
    /// The acknowledged result.
    value: Option<Value>,
}

/// How often each path was requested.
type Requests = Arc<Mutex<BTreeMap<String, u64>>>;

#[tokio::test(flavor = "multi_thread")]
async fn killed_workers_lose_nothing_acknowledged() {
    let kills = std::env::var("FUNCTIONS_KILLS").ok();
    let kills = kills.map_or(KILLS, |number| number.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (authority, requests) = serve_numbers().await;
    let running = open(folder.path()).await;
    let id = id_of(&create(&golem(&running).await, "kept", "Durable", WORKER).await);
    running.stop().await;
    let mut calls: BTreeMap<String, Call> = BTreeMap::new();
    for _ in 0..kills {
        let life = Duration::from_millis(fastrand::u64(1..300));
        let (path, id, authority) = (folder.path().to_owned(), id.clone(), authority.clone());
        let lines = move || run_child(&path, &id, &authority, life);
        for line in tokio::task::spawn_blocking(lines).await.unwrap() {
            note(&mut calls, &line);
        }
    }
    let running = open(folder.path()).await;
    let client = golem(&running).await;
    // All ask again: an invocation that had begun has one result, and only requests in flight are sent again.
    for (key, call) in &mut calls {
        let value = ask(&client, &id, key, call).await;
        let known = call.value.take().unwrap_or_else(|| value.clone());
        assert_eq!(known, value, "{key} {call:?}");
        call.value = Some(known);
    }
    let before = requests.lock().unwrap().clone();
    for (key, call) in &calls {
        assert_eq!(
            ask(&client, &id, key, call).await,
            *call.value.as_ref().unwrap()
        );
    }
    check(&client, &id, &calls).await;
    check_snapshots(folder.path());
    let after = requests.lock().unwrap().clone();
    assert_eq!(before, after, "a request was repeated");
    let again: u64 = after.values().map(|count| count - 1).sum();
    println!(
        "{kills} kills, {} calls, {} requests, {again} sent again",
        calls.len(),
        after.len()
    );
    assert!(!calls.is_empty());
    assert!(
        again <= u64::from(kills) * WORKERS as u64,
        "{again} requests were sent again"
    );
}

/// The journals were shortened now and then.
fn check_snapshots(folder: &Path) {
    let database = rusqlite::Connection::open(folder.join("functions.db")).unwrap();
    let sql = "SELECT min(seq), count(*) FROM worker_journal GROUP BY worker";
    let mut select = database.prepare(sql).unwrap();
    let journals = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let journals: Vec<(i64, i64)> = journals.unwrap().map(Result::unwrap).collect();
    println!("the first rows of journals, and how many there are: {journals:?}");
    assert!(journals.iter().any(|(first, _)| *first > 0), "{journals:?}");
}

/// What the workers keep is what their calls did, each once.
async fn check(client: &Client, id: &str, calls: &BTreeMap<String, Call>) {
    for number in 0..WORKERS {
        let worker = format!("w{number}");
        let of = |function: &str| {
            let all = calls.values();
            let of = all.filter(|call| call.worker == worker && call.function == function);
            of.map(|call| call.value.clone().unwrap())
                .collect::<Vec<_>>()
        };
        let total = Call {
            worker: worker.clone(),
            function: "total".to_owned(),
            params: "[]".to_owned(),
            value: None,
        };
        let key = format!("total {worker}");
        let total = ask(client, id, &key, &total).await;
        let mut sums: Vec<_> = of("add")
            .iter()
            .map(|value| value[0].as_u64().unwrap())
            .collect();
        sums.sort_unstable();
        let expected: Vec<u64> = (1..=total[0].as_u64().unwrap()).collect();
        assert_eq!(sums, expected, "{worker}");
        for function in ["clock", "fetch"] {
            let mut kept = of(function);
            kept.sort_by_key(|value| list(value).len());
            for pair in kept.windows(2) {
                let (shorter, longer) = (list(&pair[0]), list(&pair[1]));
                assert_eq!(shorter.len() + 1, longer.len(), "{worker} {function}");
                assert_eq!(*shorter, longer[..shorter.len()], "{worker} {function}");
            }
        }
    }
}

/// What a worker has kept so far.
fn list(value: &Value) -> &Vec<Value> {
    let value = &value[0];
    value.get("ok").unwrap_or(value).as_array().unwrap()
}

/// Calls until there is an answer, always with the same key.
async fn ask(client: &Client, id: &str, key: &str, call: &Call) -> Value {
    let params: Vec<Value> = serde_json::from_str(&call.params).unwrap();
    let params: Vec<_> = params
        .into_iter()
        .map(|value| json!({ "value": value }))
        .collect();
    let path = format!(
        "/v1/components/{id}/workers/{}/invoke-and-await?function={}",
        call.worker,
        function(&call.function)
    );
    let keyed = client.header("idempotency-key", key);
    let answer = keyed.post(&path, json!({ "params": params })).await.ok(200);
    answer["result"]["value"].clone()
}

fn note(calls: &mut BTreeMap<String, Call>, line: &Value) {
    let text = |name: &str| line[name].as_str().unwrap().to_owned();
    match line.get("value") {
        Some(value) => calls.get_mut(&text("key")).unwrap().value = Some(value.clone()),
        None => {
            let call = Call {
                worker: text("worker"),
                function: text("function"),
                params: text("params"),
                value: None,
            };
            calls.insert(text("key"), call);
        }
    }
}

async fn open(folder: &Path) -> Running {
    let options = functions_server::ServerOptions::default();
    // So few bytes that workers are saved every few calls.
    let options = options.worker_snapshot_after(500);
    let options = options.data_dir(folder).secrets_key(key());
    Running::with(builder().allow_host("127.0.0.1"), options).await
}

/// Starts a server of which every response is another one, and counts its requests.
async fn serve_numbers() -> (String, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let requests = Requests::default();
    let counts = Arc::clone(&requests);
    tokio::spawn(async move {
        let number = AtomicU64::new(0);
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = Vec::new();
            while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
                if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                    break;
                }
            }
            let text = String::from_utf8_lossy(&bytes);
            let Some(path) = text.split(' ').nth(1) else {
                continue;
            };
            *counts.lock().unwrap().entry(path.to_owned()).or_default() += 1;
            let body = number.fetch_add(1, Ordering::SeqCst).to_string();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n", body.len());
            let response = format!("{head}connection: close\r\n\r\n{body}");
            // The client may have been killed.
            let _ = stream.write_all(response.as_bytes()).await;
        }
    });
    (authority, requests)
}

/// Starts a child, kills it after a while, and returns what it said.
fn run_child(folder: &Path, id: &str, authority: &str, life: Duration) -> Vec<Value> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "golem::kill::child", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(COMPONENT, id)
        .env(AUTHORITY, authority)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (ready, is_ready) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let lines = output.lines().map_while(Result::ok);
        let marked = lines.filter_map(|line| {
            let line = line.split_once(MARK)?.1.to_owned();
            let _ = ready.send(());
            // The last line may be cut.
            serde_json::from_str(&line).ok()
        });
        marked.collect()
    });
    let _ = is_ready.recv_timeout(Duration::from_secs(60));
    std::thread::sleep(life);
    let is_running = child.try_wait().unwrap().is_none();
    assert!(is_running, "the child ended by itself");
    child.kill().unwrap();
    child.wait().unwrap();
    reading.join().unwrap()
}

/// The child: calls workers until it is killed.
#[ignore = "is started by another test"]
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let variable = |name| std::env::var(name).ok();
    let Some(folder) = variable(FOLDER) else {
        return;
    };
    let (id, authority) = (variable(COMPONENT).unwrap(), variable(AUTHORITY).unwrap());
    let running = open(Path::new(&folder)).await;
    let client = golem(&running).await;
    let calling = (0..2 * WORKERS).map(|number| {
        let worker = format!("w{}", number % WORKERS);
        tokio::spawn(call(client.clone(), id.clone(), authority.clone(), worker))
    });
    let calling: Vec<_> = calling.collect();
    tokio::time::sleep(Duration::from_secs(60)).await;
    calling.iter().for_each(tokio::task::JoinHandle::abort);
}

async fn call(client: Client, id: String, authority: String, worker: String) {
    loop {
        let key = format!("{:016x}", fastrand::u64(..));
        let (function, params) = match fastrand::u8(..4) {
            0 | 1 => ("add", json!([1])),
            2 => ("clock", json!([])),
            _ => ("fetch", json!([authority, format!("/{key}"), null])),
        };
        let call = Call {
            worker: worker.clone(),
            function: function.to_owned(),
            params: params.to_string(),
            value: None,
        };
        print(
            &json!({ "key": key, "worker": worker, "function": function, "params": call.params }),
        );
        let value = ask(&client, &id, &key, &call).await;
        print(&json!({ "key": key, "value": value }));
    }
}

/// In one write.
fn print(line: &Value) {
    let line = format!("\n{MARK}{line}\n");
    let mut output = std::io::stdout().lock();
    output.write_all(line.as_bytes()).unwrap();
    output.flush().unwrap();
}
