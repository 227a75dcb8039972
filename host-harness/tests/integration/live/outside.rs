//! Who may invoke a function from outside: ingress and tokens.

use host_harness::{Ingress, TokenCheck, TokenVerifier};

use super::{builder, deploy, host, listening};
use test_support::client::{Answer, Client, whole};

/// Knows `Bearer ada`, which may invoke all functions but `other`.
struct Ada;

impl TokenVerifier for Ada {
    fn verify(&self, token: &str, function: &str) -> TokenCheck {
        match (token, function) {
            ("ada", "other") => TokenCheck::Forbidden,
            ("ada", _) => TokenCheck::Valid {
                metadata: Some("user ada".into()),
            },
            ("bare", _) => TokenCheck::Valid { metadata: None },
            _ => TokenCheck::Unknown,
        }
    }
}

async fn get(client: &Client, path: &str, authorization: Option<&str>) -> Answer {
    let mut request = client.request(http::Method::GET, path);
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    client.send(request.body(whole("")).unwrap()).await
}

/// A private function does not exist for clients, and exists for functions.
#[tokio::test]
async fn private_function_is_unknown_outside() {
    let (harness, _server, client) = host().await;
    deploy(&harness, "f", test_guests::PING, |of| {
        of.ingress = Ingress::Private;
    })
    .await
    .unwrap();
    deploy(&harness, "caller", test_guests::CALLER, |_| {})
        .await
        .unwrap();
    let (private, unknown) = (client.get("/f").await, client.get("/g").await);
    assert_eq!(private.status, 404);
    assert_eq!(
        private.text().replace("\\\"f\\\"", "\\\"g\\\""),
        unknown.text()
    );
    assert_eq!(client.get("/caller/call/f/").await.text(), "pong");
}

/// A function with the ingress `token` is invoked with a valid one only.
#[tokio::test]
async fn token_is_a_condition() {
    let (harness, _server, client) = listening(builder().token_verifier(Ada)).await;
    for name in ["f", "other"] {
        deploy(&harness, name, test_guests::PING, |of| {
            of.ingress = Ingress::Token;
        })
        .await
        .unwrap();
    }
    for (path, authorization, status, reason) in [
        ("/f", None, 401, "no-valid-token"),
        ("/f", Some("Bearer eve"), 401, "no-valid-token"),
        ("/f", Some("Basic ada"), 401, "no-valid-token"),
        ("/f", Some("ada"), 401, "no-valid-token"),
        ("/other", Some("Bearer ada"), 403, "token-not-allowed"),
    ] {
        let refused = get(&client, path, authorization).await;
        assert_eq!(refused.status, status, "{path} {authorization:?}");
        assert_eq!(refused.problem("reason"), reason);
        let challenge = refused.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer"), "{challenge}");
    }
    assert_eq!(get(&client, "/f", Some("bearer ada")).await.text(), "pong");
    let twice = client.request(http::Method::GET, "/f");
    let twice = twice
        .header("authorization", "Bearer ada")
        .header("authorization", "Bearer ada");
    assert_eq!(
        client.send(twice.body(whole("")).unwrap()).await.status,
        401
    );
}

/// The seed page's function gets the token's metadata, and the header only if a setting says so. An
/// unknown token passes untouched.
#[tokio::test]
async fn metadata_replaces_the_token() {
    let (harness, _server, client) = listening(builder().token_verifier(Ada)).await;
    deploy(&harness, "f", test_guests::MISBEHAVE, |_| {})
        .await
        .unwrap();
    deploy(&harness, "sees", test_guests::MISBEHAVE, |of| {
        of.pass_authorization = true;
    })
    .await
    .unwrap();
    deploy(&harness, "other", test_guests::MISBEHAVE, |_| {})
        .await
        .unwrap();
    for (path, authorization, metadata, header) in [
        ("/f", None, "None", false),
        ("/f", Some("Bearer ada"), "Some(\"user ada\")", false),
        ("/f", Some("Bearer bare"), "None", false),
        ("/f", Some("Bearer eve"), "None", true),
        ("/f", Some("Basic ada"), "None", true),
        ("/sees", Some("Bearer ada"), "Some(\"user ada\")", true),
        ("/other", Some("Bearer ada"), "None", false),
    ] {
        let answer = get(&client, &format!("{path}/environment"), authorization).await;
        let text = answer.text();
        assert!(
            text.contains(&format!("token={metadata}\n")),
            "{path} {authorization:?}: {text}"
        );
        let found =
            authorization.is_some_and(|value| text.contains(&format!("\nauthorization: {value}")));
        assert_eq!(found, header, "{path} {authorization:?}: {text}");
    }
    deploy(&harness, "echo-details", test_guests::ECHO_DETAILS, |_| {})
        .await
        .unwrap();
    let request = client.request(http::Method::POST, "/echo-details");
    let request = request.header("authorization", "Bearer ada");
    let body = whole(r#"{"headers_to_send_back":{}}"#);
    let answer = client.send(request.body(body).unwrap()).await;
    assert!(
        answer.text().contains("user: user ada, "),
        "{}",
        answer.text()
    );
}

/// The callees of a function get the metadata of its client's token, at any depth.
#[tokio::test]
async fn metadata_reaches_callees() {
    let (harness, _server, client) = listening(builder().token_verifier(Ada)).await;
    deploy(&harness, "caller", test_guests::CALLER, |_| {})
        .await
        .unwrap();
    deploy(&harness, "f", test_guests::MISBEHAVE, |of| {
        of.ingress = Ingress::Private;
    })
    .await
    .unwrap();
    for path in [
        "/caller/call/f/environment",
        "/caller/send/caller/call/f/environment",
    ] {
        let answer = get(&client, path, Some("Bearer ada")).await;
        assert!(
            answer.text().contains("token=Some(\"user ada\")"),
            "{path}: {}",
            answer.text()
        );
        let answer = get(&client, path, Some("Bearer eve")).await;
        assert!(
            answer.text().contains("token=None"),
            "{path}: {}",
            answer.text()
        );
    }
}
