//! Deploying, rolling back and deleting functions.

use functions_server::ServerOptions;
use serde_json::json;

use crate::support::{Running, builder};

/// A function answers once its deploy is acknowledged, and no longer once its deletion is.
#[tokio::test(flavor = "multi_thread")]
async fn deployed_function_answers_until_it_is_deleted() {
    let running = Running::start().await;
    let (management, functions) = (running.management(), running.functions());
    let deployed = management.deploy("ping", test_guests::PING).await;
    let document = deployed.ok(201);
    assert_eq!(deployed.headers["location"], "/v1/functions/ping");
    assert_eq!(deployed.headers["etag"], "\"1\"");
    assert_eq!(document["name"], "ping");
    assert_eq!(document["version"], 1);
    assert_eq!(document["state"], "ready");
    assert!(document["digest"].as_str().unwrap().starts_with("sha256:"));
    assert!(document["created"].as_str().unwrap().ends_with('Z'));
    assert!(document["url"].as_str().unwrap().ends_with("/ping"));
    assert_eq!(functions.get("/ping").await.text(), "pong");
    assert_eq!(
        management.get("/v1/functions/ping").await.ok(200)["version"],
        1
    );

    management.delete("/v1/functions/ping").await.ok(204);
    assert_eq!(functions.get("/ping").await.status, 404);
    management.delete("/v1/functions/ping").await.problem(404);
    management.get("/v1/functions/ping").await.problem(404);
    management
        .get("/v1/functions/ping/versions")
        .await
        .problem(404);
    management
        .get("/v1/functions/ping/settings")
        .await
        .problem(404);
}

/// The same component and settings again make no version; numbers grow also beyond a deletion.
#[tokio::test(flavor = "multi_thread")]
async fn same_deploy_makes_no_version() {
    let running = Running::start().await;
    let management = running.management();
    assert_eq!(
        management.deploy("f", test_guests::PING).await.ok(201)["version"],
        1
    );
    assert_eq!(
        management.deploy("f", test_guests::PING).await.ok(200)["version"],
        1
    );
    assert_eq!(
        management.deploy("f", test_guests::GREET).await.ok(200)["version"],
        2
    );
    assert_eq!(
        management.deploy("f", test_guests::PING).await.ok(200)["version"],
        3
    );
    let versions = management.get("/v1/functions/f/versions").await.ok(200);
    let numbers: Vec<_> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["version"])
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!(versions["versions"][0]["current"], true);
    let page = management
        .get("/v1/functions/f/versions?limit=2")
        .await
        .ok(200);
    assert_eq!(page["next"], 2);
    let page = management
        .get("/v1/functions/f/versions?limit=2&before=2")
        .await
        .ok(200);
    assert_eq!(
        (&page["versions"][0]["version"], &page["next"]),
        (&json!(1), &json!(null))
    );

    management.delete("/v1/functions/f").await.ok(204);
    assert_eq!(
        management.deploy("f", test_guests::PING).await.ok(201)["version"],
        4
    );
}

/// A rollback brings component and settings back; the function sees the number of its version.
#[tokio::test(flavor = "multi_thread")]
async fn rollback_restores_component_and_settings() {
    let running = Running::start().await;
    let (management, functions) = (running.management(), running.functions());
    let settings = r#"{"variables":{"COLOR":"red"}}"#;
    let first = management
        .deploy_form("f", test_guests::MISBEHAVE, "application/json", settings)
        .await;
    assert_eq!(
        first.ok(201)["settings"],
        json!({"variables": {"COLOR": "red"}})
    );
    management
        .put("/v1/functions/f/settings", json!({}))
        .await
        .ok(200);
    management.deploy("f", test_guests::PING).await.ok(200);
    assert_eq!(functions.get("/f").await.text(), "pong");

    let back = management
        .post("/v1/functions/f/rollback", json!({"version": 1}))
        .await;
    assert_eq!(back.ok(200)["version"], 1);
    let environment = functions.get("/f/environment").await;
    assert!(
        environment.text().contains("version=1\n"),
        "{}",
        environment.text()
    );
    assert!(
        environment.text().contains("\"COLOR\", \"red\""),
        "{}",
        environment.text()
    );
    let unknown = management
        .post("/v1/functions/f/rollback", json!({"version": 9}))
        .await;
    management
        .post("/v1/functions/f/rollback", json!([1]))
        .await
        .problem(400);
    assert!(unknown.problem(404).contains('9'));
    management
        .post("/v1/functions/none/rollback", json!({"version": 1}))
        .await
        .problem(404);
    management
        .post("/v1/functions/f/rollback", json!({"versoin": 1}))
        .await
        .problem(400);
    // A new version comes after all of them.
    assert_eq!(
        management.deploy("f", test_guests::GREET).await.ok(200)["version"],
        4
    );
}

/// A component that cannot run is refused with the reason, and what was served stays.
#[tokio::test(flavor = "multi_thread")]
async fn refused_component_changes_nothing() {
    let running = Running::start().await;
    let (management, functions) = (running.management(), running.functions());
    management.deploy("f", test_guests::PING).await.ok(201);
    let component = std::fs::read(test_guests::PING).unwrap();
    let mut damaged = component.clone();
    damaged.truncate(component.len() / 2);
    for (bytes, expected) in [
        (b"not wasm".to_vec(), "is not WebAssembly"),
        (b"\0asm\x01\0\0\0".to_vec(), "is a WebAssembly module"),
        (damaged, "cannot be served"),
        (b"\0asm\x0d\0\x01\0".to_vec(), "does not export"),
        (Vec::new(), "is not WebAssembly"),
    ] {
        let detail = management
            .deploy_bytes("f", bytes.clone())
            .await
            .problem(422);
        assert!(detail.contains(expected), "{detail}");
        assert!(!detail.contains("/uploads/"), "{detail}");
        management.deploy_bytes("new", bytes).await.problem(422);
    }
    assert_eq!(functions.get("/f").await.text(), "pong");
    assert_eq!(
        management.get("/v1/functions/f").await.ok(200)["version"],
        1
    );
    management.get("/v1/functions/new").await.problem(404);
    let uploads = running.server.folder().join("uploads");
    assert_eq!(std::fs::read_dir(uploads).unwrap().count(), 0);
    let artifacts = running.server.folder().join("artifacts");
    assert_eq!(std::fs::read_dir(artifacts).unwrap().count(), 1);
}

/// An invalid name, type of body or form is refused before anything is stored.
#[tokio::test(flavor = "multi_thread")]
async fn invalid_requests_are_refused() {
    let running = Running::start().await;
    let management = running.management();
    let detail = management
        .deploy("-f", test_guests::PING)
        .await
        .problem(400);
    assert!(detail.contains("invalid function name"), "{detail}");
    let send = |media: &'static str, body: &'static str| {
        let management = management.clone();
        async move {
            management
                .send(http::Method::PUT, "/v1/functions/f", media, body)
                .await
        }
    };
    assert!(
        send("text/plain", "x")
            .await
            .problem(415)
            .contains("application/wasm")
    );
    send("multipart/form-data", "x").await.problem(400);
    let no_component =
        "--b\r\ncontent-disposition: form-data; name=\"settings\"\r\n\r\n{}\r\n--b--\r\n";
    assert!(
        send("multipart/form-data; boundary=b", no_component)
            .await
            .problem(400)
            .contains("component")
    );
    let unknown = "--b\r\ncontent-disposition: form-data; name=\"wasm\"\r\n\r\nx\r\n--b--\r\n";
    assert!(
        send("multipart/form-data; boundary=b", unknown)
            .await
            .problem(400)
            .contains("wasm")
    );
    let cut = "--b\r\ncontent-disposition: form-data; name=\"component\"\r\n\r\nx";
    send("multipart/form-data; boundary=b", cut)
        .await
        .problem(400);
    assert_eq!(
        management.get("/v1/functions").await.ok(200)["functions"],
        json!([])
    );
}

/// A component above the limit is refused by its announced length, before it arrives.
#[tokio::test(flavor = "multi_thread")]
async fn too_long_component_is_refused() {
    let running = Running::start().await;
    let management = running.management().header("content-length", "1000000000");
    let detail = management.deploy_bytes("f", "").await;
    assert!(detail.problem(413).contains("268435456"));
}

/// A careful deployer changes only the version that it has seen.
#[tokio::test(flavor = "multi_thread")]
async fn conditions_are_kept() {
    let running = Running::start().await;
    let management = running.management();
    let missing = management.header("if-none-match", "*");
    let first = management.header("if-match", "\"1\"");
    let second = management.header("if-match", "2");
    first.deploy("f", test_guests::PING).await.problem(412);
    missing.deploy("f", test_guests::PING).await.ok(201);
    missing.deploy("f", test_guests::GREET).await.problem(412);
    second.deploy("f", test_guests::GREET).await.problem(412);
    assert_eq!(
        first.deploy("f", test_guests::GREET).await.ok(200)["version"],
        2
    );
    first
        .put("/v1/functions/f/settings", json!({"queue": 1}))
        .await
        .problem(412);
    first
        .patch("/v1/functions/f/settings", json!({"queue": 1}))
        .await
        .problem(412);
    first
        .post("/v1/functions/f/rollback", json!({"version": 1}))
        .await
        .problem(412);
    first.delete("/v1/functions/f").await.problem(412);
    second.delete("/v1/functions/f").await.ok(204);
    management
        .header("if-match", "new")
        .deploy("f", test_guests::PING)
        .await
        .problem(400);
}

/// A list has pages, in the order of names.
#[tokio::test(flavor = "multi_thread")]
async fn list_has_pages() {
    let running = Running::start().await;
    let management = running.management();
    for name in ["c", "a", "b"] {
        management.deploy(name, test_guests::PING).await.ok(201);
    }
    let names = |page: &serde_json::Value| -> Vec<String> {
        let functions = page["functions"].as_array().unwrap().iter();
        functions
            .map(|function| function["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let page = management.get("/v1/functions?limit=2").await.ok(200);
    assert_eq!(
        (names(&page), &page["next"]),
        (vec!["a".into(), "b".into()], &json!("b"))
    );
    let page = management
        .get("/v1/functions?limit=2&after=b")
        .await
        .ok(200);
    assert_eq!(
        (names(&page), &page["next"]),
        (vec!["c".into()], &json!(null))
    );
    for bad in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "befor=a",
        "limit=1&limit=2",
    ] {
        management
            .get(&format!("/v1/functions?{bad}"))
            .await
            .problem(400);
    }
}

/// A function that the server was started with stays, beats a stored one, and is not deployed to.
#[tokio::test(flavor = "multi_thread")]
async fn functions_from_files_beat_stored_ones() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    running
        .management()
        .deploy("f", test_guests::GREET)
        .await
        .ok(201);
    running.stop().await;

    let options = || ServerOptions::default().data_dir(folder.path());
    let running = Running::with(builder().function("f", test_guests::PING), options()).await;
    assert_eq!(running.server.shadowed(), ["f"]);
    assert_eq!(running.functions().get("/f").await.text(), "pong");
    let management = running.management();
    assert!(
        management
            .deploy("f", test_guests::ECHO)
            .await
            .problem(409)
            .contains("file")
    );
    management
        .put("/v1/functions/f/settings", json!({}))
        .await
        .problem(409);
    management.delete("/v1/functions/f").await.problem(409);
    assert_eq!(
        management.get("/v1/functions/f").await.ok(200)["version"],
        json!(null)
    );
    let list = management.get("/v1/functions").await.ok(200);
    assert_eq!(list["functions"].as_array().unwrap().len(), 1);
    running.stop().await;

    let running = Running::with(builder(), options()).await;
    assert_eq!(
        running.management().get("/v1/functions/f").await.ok(200)["version"],
        1
    );
}
