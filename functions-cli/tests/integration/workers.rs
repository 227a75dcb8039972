//! Components and workers, by the real command, which compiles in a process of its own.

use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use crate::managed::Managed;

fn start(folder: &Path) -> Managed {
    Managed::start_with(folder, &["--golem", "127.0.0.1:0"])
}

/// A component is added and listed, and its workers are called, listed, shown and deleted. A worker keeps its
/// state when the host is killed.
#[test]
fn workers_are_called_by_name() {
    let folder = TempDir::new().unwrap();
    let host = start(folder.path());
    let file = format!("w={}", test_guests::WORKER);
    let added = host.says(&["component", "add", &file]);
    assert!(added.starts_with("w version 0  "), "{added}");
    assert!(
        host.says(&["component", "add", &file])
            .starts_with("w version 1  ")
    );
    let listed = host.json(&["component", "list", "--json"]);
    assert_eq!(listed[0]["componentName"], "w");
    let add = "test:worker/api.{add}";
    assert_eq!(host.json(&["worker", "invoke", "w/a", add, "5"]), json!(5));
    // Options may follow, and numbers may be negative.
    let (code, said) = host.fails(&["worker", "invoke", "w/a", add, "-1"]);
    assert!(
        code == 2 && said.contains("Cannot convert -1 to u64"),
        "{code}: {said}"
    );
    let key = ["worker", "invoke", "w/a", add, "1", "--key", "k"];
    assert_eq!(host.json(&key), json!(6));
    assert_eq!(host.json(&key), json!(6));
    drop(host);

    let host = start(folder.path());
    assert_eq!(host.json(&["worker", "invoke", "w/a", add, "1"]), json!(7));
    let workers = host.json(&["worker", "list", "w", "--json"]);
    assert_eq!(workers["workers"][0]["workerId"]["workerName"], "a");
    let worker = host.json(&["worker", "get", "w/a", "--json"]);
    assert_eq!(worker["status"], "Idle");
    let (code, said) = host.fails(&["worker", "invoke", "w/b", "nope"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("could not load function nope"), "{said}");
    host.says(&["worker", "delete", "w/a"]);
    assert_eq!(host.json(&["worker", "invoke", "w/a", add, "1"]), json!(1));
}
