//! Settings over the API.

use serde_json::json;

use crate::support::Running;

/// `PUT` replaces all settings, `PATCH` merges, and settings that mean the same make no version.
#[tokio::test(flavor = "multi_thread")]
async fn settings_are_replaced_and_merged() {
    let running = Running::start().await;
    let management = running.management();
    management.deploy("f", test_guests::PING).await.ok(201);
    let path = "/v1/functions/f/settings";
    assert_eq!(management.get(path).await.ok(200), json!({}));
    let settings = json!({"timeout": "1s", "memory": "64MiB", "variables": {"A": "1"}});
    let replaced = management.put(path, settings.clone()).await;
    assert_eq!(
        (replaced.ok(200), &replaced.headers["etag"]),
        (settings, &"\"2\"".parse().unwrap())
    );
    let same = management
        .put(
            path,
            json!({"timeout": "1000ms", "memory": "64MiB", "variables": {"A": "1"}}),
        )
        .await;
    assert_eq!(same.headers["etag"], "\"2\"");
    let patch = json!({"timeout": null, "variables": {"B": "2"}, "callers": ["a"]});
    let merged = management.patch(path, patch).await;
    let expected = json!({"memory": "64MiB", "variables": {"A": "1", "B": "2"}, "callers": ["a"]});
    assert_eq!(
        (merged.ok(200), &merged.headers["etag"]),
        (expected.clone(), &"\"3\"".parse().unwrap())
    );
    // A deploy without settings inherits them.
    assert_eq!(
        management.deploy("f", test_guests::GREET).await.ok(200)["settings"],
        expected
    );
    // One with a merge merges, and one with settings replaces.
    let merge = management
        .deploy_form(
            "f",
            test_guests::GREET,
            "application/merge-patch+json",
            r#"{"callers":null}"#,
        )
        .await;
    assert_eq!(
        merge.ok(200)["settings"],
        json!({"memory": "64MiB", "variables": {"A": "1", "B": "2"}})
    );
    let replace = management
        .deploy_form(
            "f",
            test_guests::GREET,
            "application/json",
            r#"{"queue":7}"#,
        )
        .await;
    assert_eq!(replace.ok(200)["settings"], json!({"queue": 7}));
    management
        .put("/v1/functions/none/settings", json!({}))
        .await
        .problem(404);
}

/// A setting that is unknown, malformed or above the host's bound is refused by its name, and changes
/// nothing.
#[tokio::test(flavor = "multi_thread")]
async fn invalid_settings_are_refused_by_name() {
    let running = Running::start().await;
    let management = running.management();
    management.deploy("f", test_guests::PING).await.ok(201);
    for (settings, name) in [
        (json!({"tiemout": "1s"}), "tiemout"),
        (json!({"tiemout": null}), "tiemout"),
        (json!({"timeout": "soon"}), "timeout"),
        (json!({"timeout": "0s"}), "timeout"),
        (json!({"timeout": "31s"}), "timeout"),
        (json!({"stream_timeout": "1h"}), "stream_timeout"),
        (json!({"cpu_time": "1h"}), "cpu_time"),
        (json!({"memory": "1GiB"}), "memory"),
        (json!({"memories": 2}), "memories"),
        (json!({"concurrency": 0}), "concurrency"),
        (json!({"concurrency": 17}), "concurrency"),
        (json!({"queue": 1001}), "queue"),
        (json!({"allowed_hosts": ["x:99999"]}), "allowed_hosts"),
        (json!({"callers": ["a/b"]}), "callers"),
        (json!({"log_level": "trace"}), "log_level"),
        (json!({"ingress": "open"}), "ingress"),
        (json!({"reuse": "always"}), "reuse"),
        (json!({"max_body": "-1"}), "max_body"),
        (json!({"variables": {"": "x"}}), "variables"),
        (json!({"secrets": {"A": "x"}}), "secrets"),
    ] {
        for answer in [
            management
                .put("/v1/functions/f/settings", settings.clone())
                .await,
            management
                .patch("/v1/functions/f/settings", settings.clone())
                .await,
            management
                .deploy_form(
                    "f",
                    test_guests::PING,
                    "application/json",
                    &settings.to_string(),
                )
                .await,
        ] {
            let detail = answer.problem(400);
            assert!(detail.contains(name), "{settings}: {detail}");
        }
    }
    let rule = json!({"allowed_hosts": ["https://a.example/x"]});
    let refused = management.put("/v1/functions/f/settings", rule).await;
    assert_eq!(
        refused.problem(400),
        "invalid setting allowed_hosts: \"https://a.example/x\": a rule cannot have a path; expected \
         a.example:443"
    );
    for body in ["", "{", "[]", "null", "{} {}"] {
        for method in [http::Method::PUT, http::Method::PATCH] {
            management
                .send(method, "/v1/functions/f/settings", "application/json", body)
                .await
                .problem(400);
        }
    }
    let long = json!({"variables": {"A": "x".repeat(2 << 20)}});
    management
        .put("/v1/functions/f/settings", long)
        .await
        .problem(413);
    assert_eq!(
        management.get("/v1/functions/f").await.ok(200)["version"],
        1
    );
}

/// Settings apply: a private function has no URL, and a body above the limit is refused.
#[tokio::test(flavor = "multi_thread")]
async fn settings_apply() {
    let running = Running::start().await;
    let (management, functions) = (running.management(), running.functions());
    management.deploy("f", test_guests::ECHO).await.ok(201);
    management
        .patch("/v1/functions/f/settings", json!({"max_body": "3"}))
        .await
        .ok(200);
    let send = |body: &'static str| {
        let functions = functions.clone();
        async move {
            functions
                .send(http::Method::POST, "/f", "text/plain", body)
                .await
                .status
        }
    };
    assert_eq!(
        (send("123").await.as_u16(), send("1234").await.as_u16()),
        (200, 413)
    );
    management
        .patch("/v1/functions/f/settings", json!({"ingress": "private"}))
        .await
        .ok(200);
    assert_eq!(send("123").await, 404);
    assert_eq!(
        management.get("/v1/functions/f").await.ok(200)["url"],
        json!(null)
    );
}
