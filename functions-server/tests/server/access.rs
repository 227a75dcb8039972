//! Who may use the API.

use functions_server::{Connection, ManagementOptions};
use http::{Request, StatusCode};
use serde_json::json;
use tower_service::Service as _;

use crate::support::Running;

/// A request under a foreign name, or of a web page of another origin, is refused.
#[tokio::test(flavor = "multi_thread")]
async fn foreign_hosts_and_pages_are_refused() {
    let running = Running::start().await;
    let open = running.management();
    for path in ["/v1/functions", "/healthz", "/readyz", "/docs", "/none"] {
        assert!(
            open.header("host", "evil.example")
                .get(path)
                .await
                .problem(421)
                .contains("--admin-host")
        );
        open.header("origin", "http://evil.example")
            .get(path)
            .await
            .problem(403);
        open.header("origin", "null").get(path).await.problem(403);
        open.header("sec-fetch-site", "cross-site")
            .get(path)
            .await
            .problem(403);
        open.header("sec-fetch-site", "same-site")
            .get(path)
            .await
            .problem(403);
    }
    open.header("host", "localhost:9")
        .get("/v1/functions")
        .await
        .ok(200);
    open.header("sec-fetch-site", "same-origin")
        .get("/v1/functions")
        .await
        .ok(200);
    // What a proxy passes on may come from anywhere.
    open.header("x-forwarded-for", "192.0.2.1")
        .get("/v1/functions")
        .await
        .problem(403);
    open.header("host", "admin.example.com")
        .get("/v1/functions")
        .await
        .problem(403);
    let admin = open
        .post("/v1/tokens", json!({"name": "root", "scopes": ["admin"]}))
        .await
        .ok(201);
    let admin = open.token(admin["token"].as_str().unwrap());
    let proxied = admin
        .header("x-forwarded-for", "192.0.2.1")
        .header("host", "admin.example.com");
    proxied.get("/v1/functions").await.ok(200);
    proxied
        .header("origin", "https://admin.example.com")
        .get("/v1/functions")
        .await
        .ok(200);
}

/// Until a token exists, only clients on the same machine may use the API, and others learn how to.
#[tokio::test(flavor = "multi_thread")]
async fn remote_clients_need_a_token() {
    let running = Running::start().await;
    let mut router = running
        .server
        .management_router(ManagementOptions::default());
    let mut status_with = async |path: &str, peer: Option<&str>, header: &str| {
        let mut request = Request::get(path)
            .header("host", "localhost")
            .header(header, "192.0.2.1")
            .body(axum::body::Body::empty())
            .unwrap();
        if let Some(peer) = peer {
            let local = "192.0.2.9:8081".parse().unwrap();
            request.extensions_mut().insert(Connection {
                peer: peer.parse().unwrap(),
                local,
            });
        }
        let response = router.call(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    };
    for header in [
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-real-ip",
        "forwarded",
        "via",
    ] {
        let of_proxy = status_with("/v1/functions", Some("127.0.0.1:5"), header).await;
        assert_eq!(of_proxy.0, 403, "{header}");
    }
    let mut status = async |path: &str, peer: Option<&str>| -> (StatusCode, String) {
        status_with(path, peer, "x-other").await
    };
    assert_eq!(status("/v1/functions", Some("127.0.0.1:5")).await.0, 200);
    assert_eq!(
        status("/v1/functions", Some("[::ffff:127.0.0.1]:5"))
            .await
            .0,
        200
    );
    for remote in [Some("192.0.2.1:5"), Some("[2001:db8::1]:5"), None] {
        let (refused, text) = status("/v1/functions", remote).await;
        assert_eq!(refused, 403, "{remote:?}");
        assert!(text.contains("functions token create"), "{text}");
        assert_eq!(status("/healthz", remote).await.0, 200);
    }
}

/// The server says whether it runs and takes requests, without a token.
#[tokio::test(flavor = "multi_thread")]
async fn health_needs_no_token() {
    let running = Running::start().await;
    let open = running.management();
    open.post("/v1/tokens", json!({"name": "root", "scopes": ["admin"]}))
        .await
        .ok(201);
    open.get("/healthz").await.ok(200);
    open.get("/readyz").await.ok(200);
    running.server.set_draining();
    open.get("/healthz").await.ok(200);
    assert!(open.get("/readyz").await.problem(503).contains("stopping"));
}

/// Unknown paths and methods are problems too.
#[tokio::test(flavor = "multi_thread")]
async fn unknown_paths_and_methods_are_problems() {
    let running = Running::start().await;
    let open = running.management();
    assert!(open.get("/v2").await.problem(404).contains("/docs"));
    let method = open.delete("/v1/functions").await;
    method.problem(405);
    assert!(method.headers.contains_key("allow"));
    open.get("/v1/functions/%ff").await.problem(400);
    let media = open
        .send(http::Method::POST, "/v1/tokens", "text/plain", "{}")
        .await;
    assert!(media.problem(415).contains("application/json"));
}

/// A client that is refused while it still sends gets the answer, and not a reset connection.
#[tokio::test(flavor = "multi_thread")]
async fn refused_uploads_get_their_answer() {
    let running = Running::start().await;
    let open = running.management();
    let admin = open
        .post("/v1/tokens", json!({"name": "root", "scopes": ["admin"]}))
        .await
        .ok(201);
    let admin = open.token(admin["token"].as_str().unwrap());
    let long = vec![b' '; 8 << 20];
    for _ in 0..5 {
        open.deploy_bytes("f", long.clone()).await.problem(401);
        admin.deploy_bytes("-f", long.clone()).await.problem(400);
        let media = "application/json";
        admin
            .send(http::Method::POST, "/v1/tokens", media, long.clone())
            .await
            .problem(413);
        admin
            .send(http::Method::POST, "/none", media, long.clone())
            .await
            .problem(404);
    }
}
