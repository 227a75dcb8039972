//! Functions that are deployed, replaced and removed under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use host_harness::FunctionSettings;

use super::{deploy, host, settings};
use test_support::client::pieces;

/// A host starts without functions, gets one from bytes, and loses it again.
#[tokio::test]
async fn functions_come_and_go() {
    let (harness, _server, client) = host().await;
    assert_eq!(client.get("/ping").await.status, 404);
    let bytes = Bytes::from(std::fs::read(test_guests::PING).unwrap());
    harness
        .deploy("ping", bytes, FunctionSettings::default())
        .await
        .unwrap();
    assert_eq!(client.get("/ping").await.text(), "pong");
    let info = harness.function("ping").unwrap();
    assert!(info.loaded);
    assert_eq!(info.reuse, Some(Ok(())));
    assert_eq!(info.version.as_deref().map(str::len), Some(16));
    assert_eq!(harness.functions(), [harness.function("ping").unwrap()]);
    assert!(harness.remove("ping"));
    assert!(!harness.remove("ping"));
    assert_eq!(client.get("/ping").await.status, 404);
    assert_eq!(harness.functions(), []);
}

/// Under load no request fails, and after a deploy has returned no request reaches the version before.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_reaches_the_version_before() {
    let (harness, _server, client) = host().await;
    let version = |number: u64| settings(|settings| settings.version = Some(number.to_string()));
    let file = std::path::Path::new(test_guests::MISBEHAVE);
    harness.deploy("f", file, version(0)).await.unwrap();
    let deployed = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let load = (0..4).map(|_| {
        let (client, deployed, stop) = (client.clone(), Arc::clone(&deployed), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut requests = 0;
            while !stop.load(Ordering::SeqCst) {
                let least = deployed.load(Ordering::SeqCst);
                let answer = client.get("/f/environment").await;
                assert_eq!(answer.status, 200, "{answer:?}");
                let found = answer
                    .text()
                    .lines()
                    .find_map(|line| line.strip_prefix("version="));
                let found: u64 = found.unwrap().parse().unwrap();
                assert!(
                    found >= least,
                    "version {found} after the deploy of {least}"
                );
                requests += 1;
            }
            requests
        })
    });
    let load: Vec<_> = load.collect();
    for number in 1..=10 {
        harness.deploy("f", file, version(number)).await.unwrap();
        deployed.store(number, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.store(true, Ordering::SeqCst);
    for load in load {
        assert!(load.await.unwrap() > 0);
    }
}

/// A request in flight finishes on the version that it found, and leaves no instance of it.
#[tokio::test]
async fn request_in_flight_keeps_its_version() {
    let (harness, _server, client) = host().await;
    deploy(&harness, "f", test_guests::REMEMBER, |_| {})
        .await
        .unwrap();
    let (sender, body) = pieces();
    let request = client
        .request(http::Method::POST, "/f?collect")
        .body(body)
        .unwrap();
    let asking = tokio::spawn({
        let client = client.clone();
        async move { client.send(request).await }
    });
    sender.send("ab".into()).await.unwrap();
    while harness.function("f").unwrap().instances.running == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    deploy(&harness, "f", test_guests::PING, |_| {})
        .await
        .unwrap();
    assert_eq!(harness.function("f").unwrap().instances.running, 0);
    assert_eq!(client.get("/f").await.text(), "pong");
    drop(sender);
    assert_eq!(asking.await.unwrap().text(), "2 ");
    let instances = harness.function("f").unwrap().instances;
    assert_eq!((instances.idle, instances.running), (1, 0));
}

/// A component that cannot run is refused with the reason that the start would give, and what was served
/// stays.
#[tokio::test]
async fn invalid_component_changes_nothing() {
    let (harness, _server, client) = host().await;
    deploy(&harness, "f", test_guests::PING, |_| {})
        .await
        .unwrap();
    let none = FunctionSettings::default;
    let refused = harness
        .deploy("f", b"no wasm".to_vec(), none())
        .await
        .unwrap_err();
    assert!(refused.is_invalid_component());
    assert!(
        refused
            .to_string()
            .starts_with("the component is not WebAssembly"),
        "{refused}"
    );
    let empty = wat::parse_str("(component)").unwrap();
    let refused = harness.check(empty, &none()).await.unwrap_err();
    assert!(refused.is_invalid_component(), "{refused}");
    let missing = std::path::Path::new("/does/not/exist.wasm");
    let refused = harness.deploy("f", missing, none()).await.unwrap_err();
    assert!(!refused.is_invalid_component());
    assert_eq!(refused.to_string(), "/does/not/exist.wasm cannot be read");
    for name in ["", "a/b", "-a"] {
        let ping = std::fs::read(test_guests::PING).unwrap();
        let refused = harness.deploy(name, ping, none()).await.unwrap_err();
        assert!(refused.is_invalid_name(), "{refused}");
    }
    assert_eq!(client.get("/f").await.text(), "pong");
    assert!(
        harness
            .check(std::path::Path::new(test_guests::ECHO), &none())
            .await
            .is_ok()
    );
    assert_eq!(harness.functions().len(), 1);
}

/// Calls between functions find what is deployed at that moment.
#[tokio::test]
async fn calls_find_live_functions() {
    let (harness, _server, client) = host().await;
    deploy(&harness, "caller", test_guests::CALLER, |_| {})
        .await
        .unwrap();
    let missing = client.get("/caller/call/f/").await;
    assert_eq!(
        (missing.status.as_u16(), missing.text()),
        (502, "Error::NotFound(\"f\")")
    );
    deploy(&harness, "f", test_guests::PING, |_| {})
        .await
        .unwrap();
    assert_eq!(client.get("/caller/call/f/").await.text(), "pong");
    harness.remove("f");
    assert_eq!(client.get("/caller/call/f/").await.status, 502);
}
