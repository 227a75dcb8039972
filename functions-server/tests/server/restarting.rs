//! What a server has after a restart.

use std::fs;

use functions_server::{Server, ServerOptions};
use serde_json::json;

use crate::support::{Running, builder};

/// What was deployed is served after a restart, with its number and settings.
#[tokio::test(flavor = "multi_thread")]
async fn deployed_functions_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    let management = running.management();
    management.deploy("f", test_guests::PING).await.ok(201);
    management.deploy("f", test_guests::MISBEHAVE).await.ok(200);
    management
        .patch("/v1/functions/f/settings", json!({"variables": {"A": "1"}}))
        .await
        .ok(200);
    management.deploy("gone", test_guests::PING).await.ok(201);
    management.delete("/v1/functions/gone").await.ok(204);
    running.stop().await;

    let running = Running::on(folder.path()).await;
    let management = running.management();
    assert_eq!(
        management.get("/v1/functions/f").await.ok(200)["state"],
        "unloaded"
    );
    let environment = running.functions().get("/f/environment").await;
    assert!(
        environment.text().contains("version=3\n"),
        "{}",
        environment.text()
    );
    assert!(
        environment.text().contains("\"A\", \"1\""),
        "{}",
        environment.text()
    );
    let document = management.get("/v1/functions/f").await.ok(200);
    assert_eq!(
        (&document["state"], &document["version"]),
        (&json!("ready"), &json!(3))
    );
    assert_eq!(running.functions().get("/gone").await.status, 404);
    assert_eq!(
        management.deploy("gone", test_guests::PING).await.ok(201)["version"],
        2
    );
}

/// A missing or changed component costs its own function only, which says so; deploying it again mends it.
#[tokio::test(flavor = "multi_thread")]
async fn damaged_component_costs_its_own_function() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    let management = running.management();
    for (name, file) in [
        ("missing", test_guests::GREET),
        ("changed", test_guests::ECHO),
        ("whole", test_guests::PING),
    ] {
        management.deploy(name, file).await.ok(201);
    }
    let file = |document: serde_json::Value| {
        let digest = document["digest"]
            .as_str()
            .unwrap()
            .strip_prefix("sha256:")
            .unwrap()
            .to_owned();
        folder.path().join("artifacts").join(digest)
    };
    let missing = file(management.get("/v1/functions/missing").await.ok(200));
    let changed = file(management.get("/v1/functions/changed").await.ok(200));
    running.stop().await;
    fs::remove_file(&missing).unwrap();
    let mut bytes = fs::read(&changed).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&changed, bytes).unwrap();

    let running = Running::on(folder.path()).await;
    let (management, functions) = (running.management(), running.functions());
    assert_eq!(functions.get("/whole").await.text(), "pong");
    for (name, original) in [
        ("missing", test_guests::GREET),
        ("changed", test_guests::ECHO),
    ] {
        assert_eq!(
            functions.get(&format!("/{name}")).await.status,
            503,
            "{name}"
        );
        let path = format!("/v1/functions/{name}");
        let document = management.get(&path).await.ok(200);
        assert_eq!(document["state"], "failed", "{document}");
        assert!(document["error"].is_string(), "{document}");
        let detail = management
            .patch(&format!("{path}/settings"), json!({"queue": 1}))
            .await;
        if name == "missing" {
            assert!(detail.problem(409).contains("deploy it again"));
        } else {
            assert!(detail.status.is_client_error(), "{}", detail.text());
        }
        let mended = management.deploy(name, original).await.ok(200);
        assert_eq!(
            (&mended["version"], &mended["state"]),
            (&json!(1), &json!("ready")),
            "{mended}"
        );
        assert_ne!(
            functions.get(&format!("/{name}")).await.status,
            503,
            "{name}"
        );
    }
}

/// Settings that this release cannot read cost their own function only: it is not served without them, and says so.
#[tokio::test(flavor = "multi_thread")]
async fn unreadable_settings_cost_their_own_function_only() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    let management = running.management();
    for name in ["a", "b"] {
        management.deploy(name, test_guests::PING).await.ok(201);
    }
    running.stop().await;
    rusqlite::Connection::open(folder.path().join("functions.db"))
        .unwrap()
        .execute(
            "UPDATE versions SET settings = '{\"later\":1}' WHERE function = 'a'",
            [],
        )
        .unwrap();
    let running = Running::on(folder.path()).await;
    let (management, functions) = (running.management(), running.functions());
    assert_eq!(functions.get("/b").await.text(), "pong");
    functions.get("/a").await.problem(503);
    let shown = management.get("/v1/functions/a").await.ok(200);
    assert_eq!(shown["state"], "failed", "{shown}");
    management
        .deploy_form("a", test_guests::PING, "application/json", "{}")
        .await
        .ok(200);
    assert_eq!(functions.get("/a").await.text(), "pong");
    let shown = management.get("/v1/functions/a").await.ok(200);
    assert_eq!(shown["state"], "ready", "{shown}");
}

/// Settings above bounds that were lowered since do not keep a function from being served.
#[tokio::test(flavor = "multi_thread")]
async fn lowered_bounds_apply_to_stored_settings() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    let management = running.management();
    management.deploy("f", test_guests::PING).await.ok(201);
    let settings = json!({"timeout": "20s", "memory": "100MiB", "concurrency": 8,
        "max_body": "10KiB"});
    management
        .put("/v1/functions/f/settings", settings)
        .await
        .ok(200);
    running.stop().await;
    let lower = builder()
        .timeout(std::time::Duration::from_secs(5))
        .memory(16 << 20)
        .max_body(5)
        .concurrency(4, 10);
    let running = Running::with(lower, ServerOptions::default().data_dir(folder.path())).await;
    assert_eq!(running.functions().get("/f").await.text(), "pong");
    let long = running.functions().post("/f", json!("long")).await;
    assert_eq!(long.status, 413);
}

/// A folder that another server uses is refused by its name as it was given.
#[tokio::test(flavor = "multi_thread")]
async fn second_server_on_a_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let given = folder.path().join("./data");
    let _running = Running::on(&given).await;
    let options = ServerOptions::default().data_dir(&given);
    let error = Server::open(builder(), options).unwrap_err().to_string();
    assert!(error.contains("./data is in use"), "{error}");
}

/// Without a data folder, the store is deleted with the server.
#[tokio::test(flavor = "multi_thread")]
async fn temporary_store_is_deleted() {
    let running = Running::start().await;
    assert!(running.server.is_temporary());
    let folder = running.server.folder().to_owned();
    running
        .management()
        .deploy("f", test_guests::PING)
        .await
        .ok(201);
    assert!(folder.exists());
    running.stop().await;
    assert!(!folder.exists());
}
