//! What is refused, and what the answer says.

use functions_server::ServerOptions;
use http::Method;
use serde_json::json;
use test_guests::WORKER;

use super::support::{create, form, function, golem, id_of};
use crate::support::{Running, builder};

/// An update to an unknown version names the version, and a page of no workers is the last.
#[tokio::test(flavor = "multi_thread")]
async fn unknown_version_is_named() {
    let running = Running::start().await;
    let client = golem(&running).await;
    let id = id_of(&create(&client, "kept", "Durable", WORKER).await);
    let workers = format!("/v1/components/{id}/workers");
    let add = format!("{workers}/w1/invoke-and-await?function={}", function("add"));
    let one = json!({ "params": [{ "value": 1 }] });
    client.post(&add, one).await.ok(200);
    let update = json!({ "mode": "automatic", "targetVersion": 9 });
    let refused = client.post(&format!("{workers}/w1/update"), update).await;
    let text = refused.ok(404)["error"].to_string();
    assert!(
        text.contains(&id) && text.contains("no version 9"),
        "{text}"
    );
    let none = client.get(&format!("{workers}?count=0")).await.ok(200);
    assert_eq!(none, json!({ "workers": [], "cursor": null }));
    let none = json!({ "count": 0 });
    let none = client.post(&format!("{workers}/find"), none).await.ok(200);
    assert_eq!(none, json!({ "workers": [], "cursor": null }));
}

/// A compiler that does not end in time is the host's fault, and the client may try again.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn slow_compiler_is_the_hosts_fault() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use host_harness::CompilerProcess;

    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("compiler");
    std::fs::write(&program, "#!/bin/sh\nexec sleep 600\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let compiler = CompilerProcess::new(&program).timeout(Duration::from_millis(200));
    let builder = builder()
        .cache(folder.path().join("cache"))
        .compiler(compiler);
    let running = Running::with(builder, ServerOptions::default()).await;
    let client = golem(&running).await;
    let wasm = std::fs::read(WORKER).unwrap();
    for kind in ["Durable", "Ephemeral"] {
        let parts: [(&str, &[u8]); 3] = [
            ("name", b"slow"),
            ("componentType", kind.as_bytes()),
            ("component", &wasm),
        ];
        let refused = form(&client, "/v1/components", &parts).await;
        assert_eq!(refused.headers["retry-after"], "1");
        let text = refused.ok(503)["error"].to_string();
        assert!(
            text.contains("time limit") && text.contains("try again"),
            "{text}"
        );
    }
    // Nothing is left of it.
    let listed = client.send(Method::GET, "/v1/components", "", "").await;
    assert_eq!(listed.ok(200), json!([]));
}
