//! Components: what they are made from, and what their objects say.

use http::Method;
use serde_json::{Value, json};
use test_guests::TYPED;

use super::support::{create, form, golem, id_of};
use crate::support::{Answer, Running};

/// The errors of a refused request.
#[track_caller]
fn errors(answer: &Answer, status: u16) -> String {
    let body = answer.ok(status);
    let errors = body["errors"]
        .as_array()
        .unwrap_or_else(|| panic!("{body}"));
    assert_eq!(errors.len(), 1, "{body}");
    errors[0].as_str().unwrap().to_owned()
}

/// A component's object has the shape of the reference.
#[tokio::test]
async fn component_object_is_that_of_the_reference() {
    let running = Running::start().await;
    let client = golem(&running).await;
    let component = create(&client, "counters", "Durable", TYPED).await;
    let id = id_of(&component);
    let size = std::fs::metadata(TYPED).unwrap().len();
    let mut keys: Vec<_> = component.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    let expected = [
        "componentName",
        "componentSize",
        "componentType",
        "createdAt",
        "env",
        "files",
        "installedPlugins",
        "metadata",
        "versionedComponentId",
    ];
    assert_eq!(keys, expected);
    assert_eq!(
        component["versionedComponentId"],
        json!({ "componentId": id, "version": 0 })
    );
    assert_eq!(component["componentName"], "counters");
    assert_eq!(component["componentSize"], size);
    assert_eq!(component["componentType"], "Durable");
    assert_eq!(component["files"], json!([]));
    assert_eq!(component["installedPlugins"], json!([]));
    assert_eq!(component["env"], json!({}));
    let created = component["createdAt"].as_str().unwrap();
    assert!(created.ends_with("+00:00"), "{created}");
    let metadata = &component["metadata"];
    let mut keys: Vec<_> = metadata.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    let expected = [
        "binaryWit",
        "dynamicLinking",
        "exports",
        "memories",
        "producers",
        "rootPackageName",
        "rootPackageVersion",
    ];
    assert_eq!(keys, expected);
    assert_eq!(metadata["binaryWit"], "");
    assert_eq!(metadata["dynamicLinking"], json!({}));
    let memory = &metadata["memories"][0];
    assert_eq!(memory["initial"].as_u64().unwrap() % 65536, 0);
    assert_eq!(memory["maximum"], Value::Null);
    // What the compilers of the component left there.
    assert!(metadata["producers"].is_array());
    let exports = metadata["exports"].as_array().unwrap();
    let ping = json!({ "type": "Function", "name": "ping", "parameters": [],
        "results": [{ "name": null, "typ": { "type": "Str" } }] });
    assert!(exports.contains(&ping), "{exports:?}");
    let handle = |mode: &str| json!({ "type": "Handle", "resource_id": 0, "mode": mode });
    let api = json!({ "type": "Instance", "name": "rpc:counters-exports/api", "functions": [
        { "name": "[constructor]counter",
          "parameters": [{ "name": "name", "typ": { "type": "Str" } }],
          "results": [{ "name": null, "typ": handle("Owned") }] },
        { "name": "[method]counter.inc-by",
          "parameters": [{ "name": "self", "typ": handle("Borrowed") },
                         { "name": "value", "typ": { "type": "U64" } }],
          "results": [] },
        { "name": "[method]counter.get-value",
          "parameters": [{ "name": "self", "typ": handle("Borrowed") }],
          "results": [{ "name": null, "typ": { "type": "U64" } }] },
        { "name": "get-all-dropped", "parameters": [],
          "results": [{ "name": null, "typ": { "type": "List", "inner":
              { "type": "Tuple", "items": [{ "type": "Str" }, { "type": "U64" }] } } }] },
        { "name": "[drop]counter",
          "parameters": [{ "name": "self", "typ": handle("Owned") }],
          "results": [] },
    ] });
    let found = exports
        .iter()
        .find(|export| export["name"] == "rpc:counters-exports/api");
    assert_eq!(found, Some(&api));
    // What a client reads: `type` comes first, as upstream writes it.
    let text = client.get(&format!("/v1/components/{id}/latest")).await;
    let typ =
        r#""typ":{"type":"List","inner":{"type":"Tuple","items":[{"type":"Str"},{"type":"U64"}]}}"#;
    assert!(text.text().contains(typ), "{}", text.text());
    assert_eq!(text.ok(200), component);
}

/// Versions are numbered from 0, listed, and downloaded as they were uploaded; they survive a restart.
#[tokio::test]
async fn versions_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    let client = golem(&running).await;
    let id = id_of(&create(&client, "one", "Ephemeral", TYPED).await);
    let path = format!("/v1/components/{id}");
    let typed = std::fs::read(TYPED).unwrap();
    let env: &[u8] = br#"{"keyValues":{"K":"V"}}"#;
    let parts = [("component", &*typed), ("env", env)];
    let updated = form(&client, &format!("{path}/updates"), &parts).await;
    let updated = updated.ok(200);
    assert_eq!(updated["versionedComponentId"]["version"], 1);
    assert_eq!(updated["componentType"], "Ephemeral");
    assert_eq!(updated["env"], json!({ "K": "V" }));
    let media = "application/octet-stream";
    let upload = format!("{path}/upload?component_type=Durable");
    let uploaded = client
        .send(Method::PUT, &upload, media, typed.clone())
        .await
        .ok(200);
    assert_eq!(uploaded["versionedComponentId"]["version"], 2);
    assert_eq!(uploaded["componentType"], "Durable");
    assert_eq!(uploaded["env"], json!({ "K": "V" }));
    drop(client);
    running.stop().await;

    let running = Running::on(folder.path()).await;
    let client = golem(&running).await;
    let all = client.get(&path).await.ok(200);
    let numbers: Vec<_> = all.as_array().unwrap().iter().collect();
    assert_eq!(numbers.len(), 3);
    assert_eq!(numbers[1], &updated);
    assert_eq!(
        client.get(&format!("{path}/latest")).await.ok(200),
        uploaded
    );
    assert_eq!(
        client.get(&format!("{path}/versions/1")).await.ok(200),
        updated
    );
    for (version, status) in [("3", 404), ("x", 400), ("-1", 400)] {
        let answer = client.get(&format!("{path}/versions/{version}")).await;
        assert_eq!(answer.status, status, "{version}");
    }
    let answer = client.get(&format!("{path}/versions/7")).await.ok(404);
    assert_eq!(answer, json!({ "error": "Component not found" }));
    for query in ["", "?version=0"] {
        let file = client.get(&format!("{path}/download{query}")).await;
        assert_eq!(file.status, 200);
        assert_eq!(file.headers["content-type"], media);
        assert_eq!(file.body, typed);
    }
    create(&client, "two", "Durable", TYPED).await;
    let named = client
        .get("/v1/components?component-name=two")
        .await
        .ok(200);
    assert_eq!(named.as_array().unwrap().len(), 1);
    let all = client.get("/v1/components").await.ok(200);
    assert_eq!(all.as_array().unwrap().len(), 4);
    let none = client
        .get("/v1/components?component-name=three")
        .await
        .ok(200);
    assert_eq!(none, json!([]));
}

/// What cannot be run is refused with the reason, and nothing of it is kept.
#[tokio::test]
async fn broken_components_are_refused() {
    let running = Running::start().await;
    let client = golem(&running).await;
    let refused = async |wasm: &[u8]| {
        let parts: [(&str, &[u8]); 2] = [("name", b"broken"), ("component", wasm)];
        errors(&form(&client, "/v1/components", &parts).await, 400)
    };
    assert!(refused(b"").await.contains("not WebAssembly"));
    assert!(refused(b"hello").await.contains("not WebAssembly"));
    let core = wat::parse_str("(module)").unwrap();
    assert!(refused(&core).await.contains("WebAssembly module"));
    let component = std::fs::read(TYPED).unwrap();
    let cut = refused(&component[..component.len() / 2]).await;
    assert!(cut.contains("does not compile"), "{cut}");
    let nested = "(component ".repeat(40) + &")".repeat(40);
    let nested = refused(&wat::parse_str(nested).unwrap()).await;
    assert!(nested.contains("nest more than 32 deep"), "{nested}");
    let mut doubling = String::from("(type $t0 (tuple u8 u8))");
    for level in 1..19 {
        doubling += &format!("(type $t{level} (tuple $t{0} $t{0}))", level - 1);
    }
    let doubling = format!(
        "(component {doubling} (core module $m (memory (export \"m\") 1)
             (func (export \"r\") (param i32 i32 i32 i32) (result i32) unreachable)
             (func (export \"f\") (param i32 i32)))
           (core instance $i (instantiate $m))
           (type $f (func (param \"p\" (list $t18))))
           (func $f (type $f)
             (canon lift (core func $i \"f\") (memory (core memory $i \"m\")) (realloc (core func $i \"r\"))))
           (export \"f\" (func $f)))"
    );
    let doubling = refused(&wat::parse_str(doubling).unwrap()).await;
    assert!(doubling.contains("the limit"), "{doubling}");
    assert_eq!(client.get("/v1/components").await.ok(200), json!([]));
}

/// A form lacks no part, and its parts are what they should be.
#[tokio::test]
async fn forms_are_checked() {
    let running = Running::start().await;
    let client = golem(&running).await;
    let wasm = std::fs::read(TYPED).unwrap();
    let component: (&str, &[u8]) = ("component", &wasm);
    let name: (&str, &[u8]) = ("name", b"n");
    for (parts, error) in [
        (vec![component], "lacks the part \"name\""),
        (vec![name], "lacks the part \"component\""),
        (
            vec![("name", &b" "[..]), component],
            "Invalid component name",
        ),
        (
            vec![name, component, ("componentType", b"Other")],
            "Invalid component type: Other",
        ),
        (vec![name, component, ("env", b"{}")], "the part \"env\""),
        (
            vec![name, component, ("files", b"PK")],
            "the part \"files\" is unsupported",
        ),
    ] {
        let answer = form(&client, "/v1/components", &parts).await;
        let found = errors(&answer, 400);
        assert!(found.contains(error), "{found}");
    }
    let answer = client.post("/v1/components", json!({})).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    for path in ["/v1/components/x/latest", "/v1/components/x"] {
        assert!(errors(&client.get(path).await, 400).contains("component_id"));
    }
    let unknown = "/v1/components/3f2c8a54-5e1b-4a0e-9d53-0b2f6f6c1f10";
    assert_eq!(client.get(unknown).await.ok(200), json!([]));
    let latest = client.get(&format!("{unknown}/latest")).await.ok(404);
    assert_eq!(latest, json!({ "error": "Component not found" }));
    let updated = form(&client, &format!("{unknown}/updates"), &[component])
        .await
        .ok(404);
    assert_eq!(updated, json!({ "error": "Component not found" }));
}

/// Of several uploads of one name, one is stored.
#[tokio::test]
async fn names_are_unique() {
    let running = Running::start().await;
    let client = golem(&running).await;
    let wasm = std::fs::read(TYPED).unwrap();
    let parts: [(&str, &[u8]); 2] = [("name", b"same"), ("component", &wasm)];
    let (one, other, third) = tokio::join!(
        form(&client, "/v1/components", &parts),
        form(&client, "/v1/components", &parts),
        form(&client, "/v1/components", &parts),
    );
    let mut statuses: Vec<_> = [&one, &other, &third]
        .map(|answer| answer.status.as_u16())
        .into();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409]);
    let all = client.get("/v1/components").await.ok(200);
    let id = id_of(&all[0]);
    let taken = form(&client, "/v1/components", &parts).await.ok(409);
    assert_eq!(
        taken,
        json!({ "error": format!("Component already exists: {id}") })
    );
}

/// An import that no worker can have is named.
#[tokio::test]
async fn imports_that_cannot_be_linked_are_named() {
    let running = Running::start().await;
    let client = golem(&running).await;
    let wasm = "(component (import \"acme:clock/clock@1.0.0\" (instance (export \"now\" (func (result u64))))))";
    let wasm = wat::parse_str(wasm).unwrap();
    let parts: [(&str, &[u8]); 2] = [("name", b"n"), ("component", &wasm)];
    let error = errors(&form(&client, "/v1/components", &parts).await, 400);
    assert!(error.contains("acme:clock/clock@1.0.0"), "{error}");
}

/// A web page, or a request for a name that somebody made resolve to this host, is refused.
#[tokio::test]
async fn foreign_requests_are_refused() {
    let running = Running::start().await;
    let client = golem(&running).await;
    let foreign = client
        .header("host", "evil.example")
        .get("/v1/components")
        .await;
    foreign.ok(421);
    let page = client
        .header("origin", "http://evil.example")
        .get("/v1/components")
        .await;
    page.ok(403);
    assert_eq!(client.get("/healthcheck").await.ok(200), json!({}));
    assert!(client.get("/version").await.ok(200)["version"].is_string());
    client.get("/v1/nothing").await.ok(404);
    client.delete("/v1/components").await.ok(405);
}
