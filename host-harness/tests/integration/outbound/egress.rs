//! Egress rules: the servers that functions may reach.

use http::Response;

use super::server::{Upstream, text};
use super::{allowing, builder, get};
use test_support::client::whole;

/// This machine is reached only if it is named. The function learns the option that allows it, and its client
/// does not.
#[tokio::test]
async fn denied_by_default() {
    let upstream = Upstream::http(async |_| text("secret")).await;
    let builder = builder().function("proxy", test_guests::PROXY);
    let harness = builder.build().unwrap();
    let port = upstream.address.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "2130706433",
    ] {
        let answer = get(
            &harness,
            &format!("/calls-out/error?url=http://{host}:{port}/"),
        )
        .await;
        let error = answer.text();
        assert!(error.starts_with("NotAllowed"), "{error}");
        assert!(error.contains("not public"), "{error}");
    }
    let path = format!("/calls-out/error?url={}", upstream.url("/"));
    let option = format!("--allow-host 127.0.0.1:{port}");
    assert!(get(&harness, &path).await.text().contains(&option));
    let answer = get(&harness, &format!("/proxy?url={}", upstream.url("/"))).await;
    assert_eq!(answer.status, 403);
    assert!(!answer.text().contains("127.0.0.1"), "{}", answer.text());
    let allowing = super::builder()
        .allow_host(format!("127.0.0.1:{port}"))
        .build()
        .unwrap();
    assert_eq!(get(&allowing, &path).await.text(), "200");
}

/// `*` does not allow this machine, and an allowed name does.
#[tokio::test]
async fn names_are_allowed() {
    let upstream = Upstream::http(async |_| text("here")).await;
    let port = upstream.address.port();
    let path = format!("/calls-out/error?url=http://localhost:{port}/");
    for (host, allowed) in [
        ("*", false),
        ("*:80", false),
        ("example.com", false),
        ("LocalHost", true),
    ] {
        let harness = builder().allow_host(host).build().unwrap();
        let said = get(&harness, &path).await;
        assert_eq!(said.text() == "200", allowed, "{host}: {}", said.text());
    }
}

/// A redirect is subject to the same rules as a request.
#[tokio::test]
async fn redirects_are_checked() {
    let secret = Upstream::http(async |_| text("secret")).await;
    let to = secret.url("/");
    let upstream = Upstream::http(move |_| {
        let response = Response::builder().status(307).header("location", &to);
        let response = response.body(whole("")).unwrap();
        async move { response }
    })
    .await;
    let path = format!("/calls-out/error?redirects=5&url={}", upstream.url("/"));
    let denied = get(&allowing(&[&upstream]), &path).await;
    let option = format!("--allow-host {}", secret.address);
    assert!(denied.text().contains(&option), "{}", denied.text());
    let harness = allowing(&[&upstream, &secret]);
    assert_eq!(get(&harness, &path).await.text(), "200");
}
