//! Secrets: read by the function, shown to nobody.

use functions_server::{SecretsKey, Server, ServerOptions};
use serde_json::json;

use crate::support::{Running, builder, key};

/// A function reads its secrets, also after a restart; the API and the folder never have their values.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_reach_the_function_only() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    let management = running.management();
    management.deploy("f", test_guests::MISBEHAVE).await.ok(201);
    let settings = json!({"secrets": {"API_KEY": "hunter2-hunter2"}});
    let replaced = management.put("/v1/functions/f/settings", settings).await;
    assert_eq!(replaced.ok(200), json!({"secrets": {"API_KEY": "***"}}));
    management
        .patch("/v1/functions/f/settings", json!({"queue": 7}))
        .await
        .ok(200);
    for path in [
        "/v1/functions/f",
        "/v1/functions/f/settings",
        "/v1/functions/f/versions",
        "/v1/functions",
    ] {
        assert!(
            !management.get(path).await.text().contains("hunter2"),
            "{path}"
        );
    }
    let shown = management.get("/v1/functions/f/settings").await.ok(200);
    let detail = management
        .put("/v1/functions/f/settings", shown)
        .await
        .problem(400);
    assert!(detail.contains("API_KEY"), "{detail}");
    running.stop().await;

    for entry in std::fs::read_dir(folder.path())
        .unwrap()
        .map(Result::unwrap)
    {
        if entry.path().is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            assert!(
                !bytes.windows(7).any(|window| window == b"hunter2"),
                "{entry:?}"
            );
        }
    }
    let running = Running::on(folder.path()).await;
    let environment = running.functions().get("/f/environment").await;
    assert!(
        environment
            .text()
            .contains("\"API_KEY\", \"hunter2-hunter2\""),
        "{}",
        environment.text()
    );
}

/// Without the key that secrets were stored with, the server does not start, and says what is missing.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_or_missing_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    let management = running.management();
    let settings = r#"{"secrets":{"A":"hunter2"}}"#;
    management
        .deploy_form("f", test_guests::PING, "application/json", settings)
        .await
        .ok(201);
    // The secrets are only in a version that is not current.
    management
        .put("/v1/functions/f/settings", json!({}))
        .await
        .ok(200);
    running.stop().await;
    let options = || ServerOptions::default().data_dir(folder.path());
    let other = SecretsKey::from_hex(&"00".repeat(32)).unwrap();
    for (options, expected) in [
        (options(), "--secrets-key-file"),
        (options().secrets_key(other), "another key"),
    ] {
        let error = Server::open(builder(), options).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains(folder.path().to_str().unwrap()), "{error}");
    }
    Running::on(folder.path()).await;
}

/// A start with the old and a new key encrypts what is stored of all versions with the new one, which is enough
/// from then on. Versions stay as they are.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_encrypted_with_a_new_key() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    let management = running.management();
    for (name, value) in [("f", "one"), ("f", "two"), ("g", "three")] {
        let settings = json!({"secrets": {"API_KEY": value}}).to_string();
        let deployed =
            management.deploy_form(name, test_guests::MISBEHAVE, "application/json", &settings);
        assert!(deployed.await.status.is_success());
    }
    let versions = management.get("/v1/functions/f/versions").await.ok(200);
    running.stop().await;

    let new = || SecretsKey::from_hex(&"a5".repeat(32)).unwrap();
    let options = || {
        ServerOptions::default()
            .data_dir(folder.path())
            .secrets_key(new())
    };
    let wrong = SecretsKey::from_hex(&"00".repeat(32)).unwrap();
    let error = Server::open(builder(), options().previous_secrets_key(wrong)).unwrap_err();
    assert!(error.to_string().contains("another key"), "{error}");
    for options in [options().previous_secrets_key(key()), options()] {
        let running = Running::with(builder(), options).await;
        let management = running.management();
        let shown = management.get("/v1/functions/f/versions").await.ok(200);
        assert_eq!(shown, versions);
        for (version, value) in [(1, "one"), (2, "two")] {
            let body = json!({ "version": version });
            management
                .post("/v1/functions/f/rollback", body)
                .await
                .ok(200);
            let environment = running
                .functions()
                .get("/f/environment")
                .await
                .text()
                .to_owned();
            let expected = format!("\"API_KEY\", \"{value}\"");
            assert!(environment.contains(&expected), "{environment}");
        }
        let environment = running
            .functions()
            .get("/g/environment")
            .await
            .text()
            .to_owned();
        assert!(environment.contains("\"three\""), "{environment}");
        running.stop().await;
    }
    let error = Server::open(
        builder(),
        ServerOptions::default()
            .data_dir(folder.path())
            .secrets_key(key()),
    );
    assert!(error.unwrap_err().to_string().contains("another key"));
}
