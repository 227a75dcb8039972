//! The API's description.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::Running;

/// The description is OpenAPI 3.1, has every route, and refers to nothing that it does not have.
#[tokio::test(flavor = "multi_thread")]
async fn description_is_complete() {
    let running = Running::start().await;
    let description = running.management().get("/openapi.json").await.ok(200);
    assert!(
        description["openapi"].as_str().unwrap().starts_with("3.1"),
        "{}",
        description["openapi"]
    );
    for (path, methods) in [
        ("/v1/functions", vec!["get"]),
        ("/v1/functions/{name}", vec!["delete", "get", "put"]),
        ("/v1/functions/{name}/versions", vec!["get"]),
        ("/v1/functions/{name}/settings", vec!["get", "patch", "put"]),
        ("/v1/functions/{name}/rollback", vec!["post"]),
        ("/v1/functions/{name}/logs", vec!["get"]),
        ("/v1/invocations", vec!["get"]),
        ("/v1/invocations/{id}", vec!["delete", "get"]),
        ("/v1/invocations/{id}/retry", vec!["post"]),
        ("/v1/tokens", vec!["get", "post"]),
        ("/v1/tokens/{id}", vec!["delete"]),
        ("/healthz", vec!["get"]),
        ("/readyz", vec!["get"]),
        ("/metrics", vec!["get"]),
    ] {
        let operations = description["paths"][path]
            .as_object()
            .unwrap_or_else(|| panic!("{path}"));
        let mut found: Vec<_> = operations.keys().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, methods, "{path}");
    }
    let mut ids = BTreeSet::new();
    for operation in description["paths"].as_object().unwrap().values() {
        for operation in operation.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id), "{id} stands twice");
            assert!(operation["responses"]["default"].is_object(), "{id}");
        }
    }
    let mut references = Vec::new();
    collect(&description, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{reference}");
    }
    let settings = &description["components"]["schemas"]["Settings"]["properties"];
    for setting in [
        "timeout",
        "allowed_hosts",
        "secrets",
        "log_level",
        "pass_authorization",
    ] {
        assert!(settings[setting].is_object(), "{setting}");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                references.push(reference.clone());
            }
            members
                .values()
                .for_each(|value| collect(value, references));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

/// The page has every operation, and loads nothing.
#[tokio::test(flavor = "multi_thread")]
async fn page_loads_nothing() {
    let running = Running::start().await;
    let page = running.management().get("/docs").await;
    assert_eq!(page.status, 200);
    assert!(
        page.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert!(
        page.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("default-src 'none'")
    );
    for part in [
        "PUT /v1/functions/{name}",
        "POST /v1/tokens",
        "stream_timeout",
        "If-Match",
    ] {
        assert!(page.text().contains(part), "{part}");
    }
    for loading in ["<script", "src=", "href=", "@import", "url("] {
        assert!(!page.text().contains(loading), "{loading}");
    }
}
