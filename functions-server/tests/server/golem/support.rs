//! What the tests of Golem's API share.

use functions_server::GolemOptions;
use http::Method;
use serde_json::Value;

use crate::support::{Answer, Client, Running};

/// A client of Golem's API, which is served from now on.
pub(super) async fn golem(running: &Running) -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = running.server.clone();
    let stopping = running.stopping();
    tokio::spawn(async move {
        server
            .serve_golem(listener, GolemOptions::default(), stopping)
            .await
    });
    Client::new(format!("http://{address}"))
}

/// Sends a form, as `curl -F` does.
pub(super) async fn form(client: &Client, path: &str, parts: &[(&str, &[u8])]) -> Answer {
    let mut form = Vec::new();
    for (name, content) in parts {
        form.extend(
            format!("--xyz\r\ncontent-disposition: form-data; name=\"{name}\"").into_bytes(),
        );
        if *name == "component" {
            form.extend(b"; filename=\"demo.wasm\"\r\ncontent-type: application/octet-stream");
        }
        form.extend(b"\r\n\r\n");
        form.extend(*content);
        form.extend(b"\r\n");
    }
    form.extend(b"--xyz--\r\n");
    client
        .send(
            Method::POST,
            path,
            "multipart/form-data; boundary=xyz",
            form,
        )
        .await
}

/// Creates a component, and returns its object.
pub(super) async fn create(client: &Client, name: &str, kind: &str, file: &str) -> Value {
    let wasm = std::fs::read(file).unwrap();
    let parts: [(&str, &[u8]); 3] = [
        ("name", name.as_bytes()),
        ("componentType", kind.as_bytes()),
        ("component", &wasm),
    ];
    form(client, "/v1/components", &parts).await.ok(200)
}

/// The id in a component's object.
pub(super) fn id_of(component: &Value) -> String {
    let id = &component["versionedComponentId"]["componentId"];
    id.as_str().unwrap().to_owned()
}

/// A function of the worker's interface, as a part of a query.
pub(super) fn function(name: &str) -> String {
    let name = format!("test:worker/api.{{{name}}}");
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}
