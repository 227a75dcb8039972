//! Calls between workers and functions.

use super::*;

/// A function may name the workers that call it, or their component.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_name_the_workers_that_call_them() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), WorkerLimits::default());
    let component = host.upload().await;
    let mut settings = host_harness::FunctionSettings::default();
    for (name, caller) in [
        ("of-w", format!("worker:{component}/w")),
        ("of-all", format!("worker:{component}")),
        ("of-others", "worker:others/w".to_owned()),
    ] {
        settings.callers = host_harness::Callers::Only(vec![caller]);
        let ping = Path::new(test_guests::PING);
        host.harness
            .deploy(name, ping, settings.clone())
            .await
            .unwrap();
    }
    let call = async |worker: &str, function: &str| {
        let params = serde_json::json!([function, "/", ""]).to_string();
        let call = invocation("call", &params, None);
        let called = host.call(&component, worker, call).await.unwrap();
        called.contains(r#"{"ok":"200"#)
    };
    assert!(call("w", "of-w").await);
    assert!(!call("x", "of-w").await);
    assert!(call("x", "of-all").await);
    assert!(!call("w", "of-others").await);
    for caller in ["worker:", ":w", "worker:a b"] {
        settings.callers = host_harness::Callers::Only(vec![caller.to_owned()]);
        let ping = Path::new(test_guests::PING);
        let refused = host.harness.deploy("x", ping, settings.clone()).await;
        assert!(refused.is_err(), "{caller}");
    }
}

/// A worker calls another one by the binding, and a call that comes back to it fails at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_calls_workers() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), WorkerLimits::default());
    let component = host.upload().await;
    let call = |worker: &str, function: &str, body: &str| {
        let target = format!("worker:{component}/{worker}");
        let path = format!("/test:worker%2Fapi.%7B{function}%7D");
        serde_json::json!([target, path, body]).to_string()
    };
    let added = host
        .api(&component, "call", &call("other", "add", "[5]"))
        .await;
    assert_eq!(added.unwrap(), r#"[{"ok":"200 [5]"}]"#);
    let bad = host
        .api(&component, "call", &call("other", "add", "[]"))
        .await
        .unwrap();
    assert!(bad.contains("400"), "{bad}");
    let own = host
        .api(&component, "call", &call("w", "add", "[5]"))
        .await
        .unwrap();
    assert!(
        own.contains("508") && own.contains("would deadlock"),
        "{own}"
    );
    // By way of another worker.
    let back = call("w", "add", "[5]");
    let there = host
        .api(&component, "call", &call("other", "call", &back))
        .await
        .unwrap();
    assert!(there.contains("508"), "{there}");
    // By way of a function.
    let target = format!("worker:{component}/w");
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("of", &target)
        .append_pair("path", "/test:worker%2Fapi.%7Btotal%7D")
        .finish();
    let params = serde_json::json!(["caller", format!("/call-wait?{query}"), "[]"]).to_string();
    let by_function = host.api(&component, "call", &params).await.unwrap();
    assert!(by_function.contains("508"), "{by_function}");
    let from_another = host
        .call(&component, "third", invocation("call", &params, None))
        .await;
    assert_eq!(from_another.unwrap(), r#"[{"ok":"200 [0]"}]"#);
}

/// Calls of an ephemeral component by itself end at a depth, and hold up nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ephemeral_calls_of_themselves_end() {
    let folder = tempfile::tempdir().unwrap();
    let host = Arc::new(Host::open(folder.path(), WorkerLimits::default()));
    let component = host.upload_as(true).await;
    // Each call has the next one in its parameters.
    let target = format!("worker:{component}/w");
    let call = "/test:worker%2Fapi.%7Bcall%7D";
    let mut body = "[]".to_owned();
    for _ in 0..4 {
        body = serde_json::json!([target, call, body]).to_string();
    }
    let calls = (0..100).map(|_| {
        let (host, component, body) = (host.clone(), component.clone(), body.clone());
        tokio::spawn(async move { host.api(&component, "call", &body).await })
    });
    let ending = async {
        for call in calls.collect::<Vec<_>>() {
            let answer = call.await.unwrap().unwrap();
            assert!(answer.contains("expected 3, got 0 parameters"), "{answer}");
        }
    };
    tokio::time::timeout(Duration::from_secs(50), ending)
        .await
        .unwrap();
}
