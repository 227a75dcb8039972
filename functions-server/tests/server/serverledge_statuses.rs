//! The statuses of Serverledge's API that need something to be broken, large or busy.

use std::path::Path;
use std::time::Duration;

use functions_server::{ServerOptions, ServerledgeOptions};
use host_harness::CompilerProcess;
use rusqlite::Connection;
use serde_json::json;
use test_guests::{COMMAND, MISBEHAVE, PING};

use super::serverledge::{assert_text, create, definition, deletion, polled, post, tar};
use super::support::{Running, builder};

fn ping() -> Vec<u8> {
    std::fs::read(PING).unwrap()
}

/// Takes tables away from a server that runs.
fn break_database(folder: &Path, tables: &[&str]) {
    let connection = Connection::open(folder.join("functions.db")).unwrap();
    connection.busy_timeout(Duration::from_secs(20)).unwrap();
    for table in tables {
        connection
            .execute(&format!("ALTER TABLE {table} RENAME TO gone_{table}"), [])
            .unwrap();
    }
}

/// A store that fails is a 503 of changes and a 500 of invocations; what needs no store goes on.
#[tokio::test(flavor = "multi_thread")]
async fn broken_store_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    create(&client, "ping", PING).await.ok(200);
    let accepted = post(&client, "/invoke/ping", r#"{"Async":true}"#).await;
    let id = accepted.ok(200)["ReqId"].as_str().unwrap().to_owned();
    polled(&client, &id).await;
    break_database(folder.path(), &["functions", "versions", "invocations"]);
    assert_text(&create(&client, "other", PING).await, 503, "");
    let update = definition("ping", "wasi", 32, &ping());
    assert_text(&post(&client, "/update", update).await, 503, "");
    assert_text(&post(&client, "/delete", deletion("ping")).await, 503, "");
    let poll = client.get(&format!("/poll/{id}")).await;
    assert_text(&poll, 500, "Could not retrieve results");
    let refused = post(&client, "/invoke/ping", r#"{"Async":true}"#).await;
    assert_text(&refused, 500, "the invocation cannot be queued");
    let report = post(&client, "/invoke/ping", "").await.ok(200);
    assert_eq!(report["Result"], "pong");
    assert_eq!(client.get("/function").await.text(), "[\"ping\"]\n");
}

/// A function whose code is gone cannot be prewarmed, and its invocations fail.
#[tokio::test(flavor = "multi_thread")]
async fn missing_code_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let options = ServerOptions::default().data_dir(folder.path());
    let cache = folder.path().join("cache");
    let running = Running::with(builder().cache(cache).loaded_functions(1), options).await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    create(&client, "first", PING).await.ok(200);
    create(&client, "second", MISBEHAVE).await.ok(200);
    for file in std::fs::read_dir(folder.path().join("artifacts")).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    let body = r#"{"Function":"first","Instances":1}"#;
    assert_text(&post(&client, "/prewarm", body).await, 503, "");
    let failed = post(&client, "/invoke/first", "").await;
    assert_eq!(failed.status, 500, "{}", failed.text());
}

/// The longest code is taken, and a byte more is not.
#[tokio::test(flavor = "multi_thread")]
async fn long_code_is_refused() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    let code = |length: usize| {
        let mut code = tar(&[("m.wasm", &ping())]);
        // Bytes behind the end of an archive do not belong to it.
        code.resize(length, 0);
        definition("f", "wasi", 16, &code)
    };
    post(&client, "/create", code(64 << 20)).await.ok(200);
    let refused = post(&client, "/update", code((64 << 20) + 1)).await;
    assert_text(
        &refused,
        413,
        "TarFunctionCode is longer than 67108864 bytes",
    );
    let longer = post(&client, "/update", "x".repeat(100 << 20)).await;
    assert_eq!(longer.status, 413);
    let params = format!("{{\"Params\":{{\"a\":\"{}\"}}}}", "x".repeat(8 << 20));
    assert_eq!(post(&client, "/invoke/f", params).await.status, 413);
}

/// An invocation that has the node's memory leaves no room for another, and is a 500 once it runs into a limit. All
/// answers describe the node, and repeat what upstream's load balancer sends.
#[tokio::test(flavor = "multi_thread")]
async fn busy_nodes_refuse() {
    let running = Running::start().await;
    let options = ServerledgeOptions::default().memory_mb(100);
    let client = running.serverledge(options).await;
    let client = client.header("serverledge-mab-request-id", "17");
    for name in ["slow", "other"] {
        let body = definition(name, "wasi", 64, &std::fs::read(COMMAND).unwrap());
        post(&client, "/create", body).await.ok(200);
    }
    let settings = json!({"timeout": "2s", "cpu_time": "10s"});
    let management = running.management();
    let settings = management.patch("/v1/functions/slow/settings", settings);
    settings.await.ok(200);
    let slow = client.clone();
    let slow =
        tokio::spawn(
            async move { post(&slow, "/invoke/slow", r#"{"Params":{"do":"loop"}}"#).await },
        );
    while client.get("/status").await.ok(200)["AvailableMemory"] == 100 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let refused = post(&client, "/invoke/other", r#"{"Params":{"do":"json"}}"#).await;
    assert_text(&refused, 429, "");
    assert_eq!(refused.headers["serverledge-free-mem"], "36");
    let failed = slow.await.unwrap();
    assert_eq!(failed.status, 500);
    assert!(failed.text().contains("time"), "{}", failed.text());
    let ran = post(&client, "/invoke/other", r#"{"Params":{"do":"json"}}"#).await;
    ran.ok(200);
    for answer in [&refused, &failed, &ran] {
        assert_eq!(answer.headers["serverledge-mab-request-id"], "17");
        for header in ["node-name", "free-mem", "timestamp"] {
            let header = format!("serverledge-{header}");
            assert!(answer.headers.contains_key(&header), "{header}");
        }
    }
}

/// A compiler that does not end in time is the host's fault, not the component's.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn slow_compiler_is_the_hosts_fault() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("compiler");
    std::fs::write(&program, "#!/bin/sh\nexec sleep 600\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let compiler = CompilerProcess::new(&program).timeout(Duration::from_millis(200));
    let builder = builder()
        .cache(folder.path().join("cache"))
        .compiler(compiler);
    let running = Running::with(builder, ServerOptions::default()).await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    let refused = create(&client, "ping", PING).await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.text().contains("time limit"), "{}", refused.text());
    let problem = running.management().deploy("ping", PING).await.problem(503);
    assert!(problem.contains("time limit"), "{problem}");
}
