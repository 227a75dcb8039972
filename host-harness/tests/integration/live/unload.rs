//! Functions that are loaded when they are needed, and unloaded when nobody calls them.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use host_harness::FunctionSettings;

use super::{builder, host, listening, settings};
use test_support::client::pieces;

fn none() -> FunctionSettings {
    FunctionSettings::default()
}

/// A registered function is loaded by its first request, once for all that arrive together.
#[tokio::test]
async fn first_request_loads() {
    let (harness, _server, client) = host().await;
    harness
        .register("f", PathBuf::from(test_guests::PING), none())
        .unwrap();
    let info = harness.function("f").unwrap();
    assert!(!info.loaded && info.version.is_none() && info.reuse.is_none());
    let requests = (0..8).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.get("/f").await.text().to_owned() })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.unwrap(), "pong");
    }
    let info = harness.function("f").unwrap();
    assert!(info.loaded && info.version.is_some());
}

/// A file that is missing or damaged costs its own function only: 503 with the reason, and another
/// attempt later.
#[tokio::test]
async fn missing_file_is_tried_again() {
    let (harness, _server, client) = host().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f.wasm");
    harness.register("f", file.clone(), none()).unwrap();
    harness
        .register("ping", PathBuf::from(test_guests::PING), none())
        .unwrap();
    harness
        .register("caller", PathBuf::from(test_guests::CALLER), none())
        .unwrap();
    let refused = client.get("/f").await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.problem("reason"), "not-loaded");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let detail = "the function cannot be loaded: its component cannot be read";
    assert_eq!(refused.problem("detail"), detail);
    let called = client.get("/caller/call/f/").await;
    assert!(called.text().contains(detail), "{}", called.text());
    let info = harness.function("f").unwrap();
    let error = info.load_error.unwrap();
    assert!(error.contains("f.wasm cannot be read: "), "{error}");
    std::fs::write(&file, b"\0asm\x0d\0\x01\0 damaged").unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let detail = "the function cannot be loaded: its component cannot be served as a function";
    assert_eq!(client.get("/f").await.problem("detail"), detail);
    std::fs::copy(test_guests::MISBEHAVE, &file).unwrap();
    let began = Instant::now();
    while client.get("/f").await.status == 503 {
        assert!(began.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(client.get("/f").await.text(), "unknown");
    assert_eq!(harness.function("f").unwrap().load_error, None);
    assert_eq!(client.get("/ping").await.text(), "pong");
}

/// A file that is not the one that was meant is not loaded.
#[tokio::test]
async fn other_file_is_not_loaded() {
    let (harness, _server, client) = host().await;
    let wrong = settings(|of| of.digest = Some([7; 32]));
    harness
        .register("f", PathBuf::from(test_guests::PING), wrong)
        .unwrap();
    let detail = "the function cannot be loaded: its file is not the component that was deployed";
    assert_eq!(client.get("/f").await.problem("detail"), detail);
}

/// Beyond the bound the function that was not called for longest goes, never one in use, and comes back
/// with its next request.
#[tokio::test]
async fn functions_that_nobody_calls_are_unloaded() {
    let cache = tempfile::tempdir().unwrap();
    let (harness, _server, client) =
        listening(builder().loaded_functions(2).cache(cache.path())).await;
    for name in ["a", "b", "c"] {
        harness
            .register(name, PathBuf::from(test_guests::REMEMBER), none())
            .unwrap();
    }
    let loaded = || {
        let functions = harness.functions().into_iter();
        let loaded = functions.filter(|function| function.loaded);
        loaded
            .map(|function| function.name.to_string())
            .collect::<String>()
    };
    for (call, left) in [
        ("a", "a"),
        ("b", "ab"),
        ("c", "bc"),
        ("b", "bc"),
        ("a", "ab"),
    ] {
        assert_eq!(
            client.get(&format!("/{call}?collect")).await.text(),
            "0 ",
            "{call}"
        );
        assert_eq!(loaded(), left, "{call}");
    }
    // In use, both stay, and a third comes on top of them.
    let open = ["a", "b"].map(|name| {
        let (sender, body) = pieces();
        let path = format!("/{name}?collect");
        let request = client
            .request(http::Method::POST, &path)
            .body(body)
            .unwrap();
        let client = client.clone();
        (
            sender,
            tokio::spawn(async move { client.send(request).await }),
        )
    });
    for name in ["a", "b"] {
        while harness.function(name).unwrap().instances.running == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    assert_eq!(client.get("/c?collect").await.text(), "0 ");
    assert_eq!(loaded(), "abc");
    for (sender, asking) in open {
        drop(sender);
        assert_eq!(asking.await.unwrap().text(), "0 ");
    }
    // An unloaded function leaves no instance.
    harness
        .register("d", PathBuf::from(test_guests::PING), none())
        .unwrap();
    assert_eq!(client.get("/d").await.text(), "pong");
    assert_eq!(loaded().len(), 2);
}

/// Ten thousand functions are registered without reading them, and any can be called.
#[tokio::test]
async fn ten_thousand_functions_cost_nothing_to_register() {
    let cache = tempfile::tempdir().unwrap();
    let (harness, _server, client) =
        listening(builder().loaded_functions(10).cache(cache.path())).await;
    let threads = || std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    let before = threads();
    for number in 0..10_000 {
        let name = format!("f{number}");
        harness
            .register(&name, PathBuf::from(test_guests::PING), none())
            .unwrap();
    }
    // Other tests may have started some.
    assert!(threads() < before + 1000);
    for number in (0..10_000).step_by(500) {
        assert_eq!(client.get(&format!("/f{number}")).await.text(), "pong");
    }
    let functions = harness.functions();
    assert_eq!(functions.len(), 10_000);
    assert_eq!(
        functions.iter().filter(|function| function.loaded).count(),
        10
    );
}

/// Prewarmed instances are counted, answer the next requests, and go with their function.
#[tokio::test]
async fn prewarmed_instances_wait_for_requests() {
    let (harness, _server, client) = listening(builder().idle_instances(4)).await;
    assert!(harness.prewarm("f", 1).await.unwrap_err().is_unknown());
    harness
        .register("f", PathBuf::from(test_guests::REMEMBER), none())
        .unwrap();
    assert_eq!(harness.prewarm("f", 3).await.unwrap(), 3);
    let idle = |name: &str| harness.function(name).unwrap().instances.idle;
    assert_eq!(idle("f"), 3);
    let reused = client.get("/f?collect").await;
    assert_eq!(reused.text(), "0 ");
    assert_eq!(idle("f"), 3);
    // The capacity is four.
    assert_eq!(harness.prewarm("f", 3).await.unwrap(), 1);
    harness
        .register("never", PathBuf::from(test_guests::MISBEHAVE), none())
        .unwrap();
    assert_eq!(harness.prewarm("never", 3).await.unwrap(), 0);
    // Other functions get the room that they need.
    harness
        .register("g", PathBuf::from(test_guests::PING), none())
        .unwrap();
    assert_eq!(client.get("/g").await.text(), "pong");
    assert_eq!(idle("g"), 1);
    harness.remove("f");
    harness
        .register("f", PathBuf::from(test_guests::REMEMBER), none())
        .unwrap();
    assert_eq!(idle("f"), 0);
    assert_eq!(harness.prewarm("f", 3).await.unwrap(), 3);
}
