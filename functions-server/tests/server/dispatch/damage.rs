//! Rows that are not as they were written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use functions_server::{DispatchOptions, ServerOptions};

use serde_json::json;

use super::support::{Endpoint, Scheduler, exit};
use crate::support::{Running, builder};

/// A damaged call fails, says so, and holds up no other one, nor what is shown of all.
#[tokio::test(flavor = "multi_thread")]
async fn damaged_call_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let options = || ServerOptions::default().data_dir(folder.path());
    let one_run = || DispatchOptions::default().concurrency(1);
    let is_up = Arc::new(AtomicBool::new(false));
    let status = is_up.clone();
    let endpoint = Endpoint::answering(move |_, _| match status.load(Ordering::Relaxed) {
        false => exit(6, ""),
        true => exit(1, "done"),
    });
    let endpoint = endpoint.await;

    let scheduler = Scheduler::with(options(), one_run()).await;
    let token = json!({"name": "x", "scopes": ["admin"]});
    let token = scheduler.admin.post("/v1/tokens", token).await.ok(201);
    let token = token["token"].as_str().unwrap().to_owned();
    let ids = scheduler.dispatch(vec![endpoint.call("f"); 3]).await;
    for id in &ids {
        scheduler.wait(id, "waiting").await;
    }
    scheduler.stop().await;
    let database = rusqlite::Connection::open(folder.path().join("functions.db")).unwrap();
    for (column, id) in [("function", &ids[0]), ("endpoint", &ids[1])] {
        let sql = format!("UPDATE calls SET {column} = CAST(x'61ff' AS TEXT) WHERE id = ?1");
        assert_eq!(database.execute(&sql, [id]).unwrap(), 1);
    }
    drop(database);
    is_up.store(true, Ordering::Relaxed);

    let running = Running::with(builder().allow_host("127.0.0.1"), options()).await;
    let scheduler = Scheduler::of(running, &token, one_run()).await;
    for id in &ids[..2] {
        let shown = scheduler.wait(id, "failed").await;
        assert_eq!(shown["error"], "the call is damaged in the database");
    }
    scheduler.wait(&ids[2], "succeeded").await;
    let all = scheduler.admin.get("/v1/dispatch/calls").await.ok(200);
    assert_eq!(all["calls"].as_array().unwrap().len(), 3, "{all}");
    assert_eq!(all["calls"][0]["function"], "a\u{fffd}", "{all}");
    scheduler.stop().await;
}
