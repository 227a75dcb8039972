//! Tokens: for the API, and for functions.

use std::time::Duration;

use serde_json::{Value, json};

use functions_server::ServerOptions;

use crate::support::{Client, Running, builder};

/// Creates a token; returns it with its id.
async fn create(client: &Client, token: Value) -> (String, String) {
    let created = client.post("/v1/tokens", token).await;
    let document = created.ok(201);
    assert_eq!(created.headers["cache-control"], "no-store");
    let text = |name: &str| document[name].as_str().unwrap().to_owned();
    (text("token"), text("id"))
}

/// Once a token exists, every request needs one with the scope and for the function.
#[tokio::test(flavor = "multi_thread")]
async fn requests_need_scope_and_function() {
    let running = Running::start().await;
    let open = running.management();
    open.deploy("a", test_guests::PING).await.ok(201);
    open.deploy("b", test_guests::PING).await.ok(201);
    let not_admin = open
        .post(
            "/v1/tokens",
            json!({"name": "ci", "scopes": ["deploy", "read"]}),
        )
        .await;
    assert!(not_admin.problem(409).contains("admin"));
    let (admin, _) = create(&open, json!({"name": "root", "scopes": ["admin"]})).await;
    let admin = open.token(&admin);

    let missing = open.get("/v1/functions").await;
    missing.problem(401);
    assert!(
        missing.headers["www-authenticate"]
            .to_str()
            .unwrap()
            .starts_with("Bearer")
    );
    open.token("fnt_invented")
        .get("/v1/functions")
        .await
        .problem(401);
    for path in ["/openapi.json", "/docs", "/none"] {
        open.get(path).await.problem(401);
    }
    let read = json!({"name": "dashboard", "scopes": ["read"], "functions": ["a"]});
    let (read, id) = create(&admin, read).await;
    let reader = open.token(&read);
    let list = reader.get("/v1/functions").await.ok(200);
    assert_eq!(list["functions"].as_array().unwrap().len(), 1);
    reader.get("/v1/functions/a").await.ok(200);
    assert!(
        reader
            .get("/v1/functions/b")
            .await
            .problem(403)
            .contains("\"b\"")
    );
    assert!(
        reader
            .deploy("a", test_guests::GREET)
            .await
            .problem(403)
            .contains("deploy")
    );
    reader.delete("/v1/functions/a").await.problem(403);
    reader
        .put("/v1/functions/a/settings", json!({}))
        .await
        .problem(403);
    reader
        .post("/v1/functions/a/rollback", json!({"version": 1}))
        .await
        .problem(403);
    reader.get("/v1/tokens").await.problem(403);
    reader
        .post("/v1/tokens", json!({"name": "x", "scopes": ["admin"]}))
        .await
        .problem(403);

    let tokens = admin.get("/v1/tokens").await;
    assert_eq!(tokens.ok(200)["tokens"].as_array().unwrap().len(), 2);
    assert!(!tokens.text().contains(&read) && !tokens.text().contains("fnt_"));
    admin.delete(&format!("/v1/tokens/{id}")).await.ok(204);
    reader.get("/v1/functions").await.problem(401);
    admin.delete(&format!("/v1/tokens/{id}")).await.problem(404);
}

/// Invalid tokens are refused with what is expected.
#[tokio::test(flavor = "multi_thread")]
async fn invalid_token_requests_are_refused() {
    let running = Running::start().await;
    let open = running.management();
    for (token, expected) in [
        (json!({"scopes": ["admin"]}), "name"),
        (json!({"name": "", "scopes": ["admin"]}), "name"),
        (json!({"name": "x"}), "scopes"),
        (json!({"name": "x", "scopes": []}), "scopes"),
        (json!({"name": "x", "scopes": ["root"]}), "scopes"),
        (
            json!({"name": "x", "scopes": ["admin"], "functions": ["a"]}),
            "functions",
        ),
        (
            json!({"name": "x", "scopes": ["read"], "functions": []}),
            "functions",
        ),
        (
            json!({"name": "x", "scopes": ["read"], "functions": ["a/b"]}),
            "a/b",
        ),
        (
            json!({"name": "x", "scopes": ["admin"], "expires": "soon"}),
            "expires",
        ),
        (
            json!({"name": "x", "scopes": ["admin"], "expires": "2020-01-01T00:00:00Z"}),
            "expires",
        ),
        (
            json!({"name": "x", "scopes": ["admin"], "metadata": 7}),
            "metadata",
        ),
        (
            json!({"name": "x", "scopes": ["admin"], "expiry": "1h"}),
            "expiry",
        ),
    ] {
        let detail = open.post("/v1/tokens", token.clone()).await.problem(400);
        assert!(detail.contains(expected), "{token}: {detail}");
    }
    let (root, _) = create(&open, json!({"name": "root", "scopes": ["admin"]})).await;
    let far = json!({"name": "x", "scopes": ["admin"], "expires": "100000years"});
    create(&open.token(&root), far).await;
}

/// A token expires at its time.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_expire() {
    let running = Running::start().await;
    let open = running.management();
    let expiring =
        json!({"name": "r", "scopes": ["admin"], "expires": "2999-01-01T00:00:00+02:00"});
    let first = open.post("/v1/tokens", expiring.clone()).await;
    assert!(first.problem(409).contains("expire"));
    let (root, _) = create(&open, json!({"name": "root", "scopes": ["admin"]})).await;
    let (admin, _) = create(&open.token(&root), expiring).await;
    let admin = open.token(&admin);
    admin.get("/v1/functions").await.ok(200);
    let short = json!({"name": "x", "scopes": ["read"], "expires": "1ms"});
    let (short, _) = create(&admin, short).await;
    let expires = tokio::time::Instant::now() + Duration::from_millis(1);
    tokio::time::sleep_until(expires).await;
    open.token(&short).get("/v1/functions").await.problem(401);
}

/// Failures are limited; a valid token is never refused for them.
#[tokio::test(flavor = "multi_thread")]
async fn failures_are_limited_and_valid_tokens_are_not() {
    let running = Running::start().await;
    let open = running.management();
    let (admin, _) = create(&open, json!({"name": "root", "scopes": ["admin"]})).await;
    let (admin, wrong) = (open.token(&admin), open.token("fnt_wrong"));
    let mut refused = 0;
    // One failure is forgiven per second.
    while refused < 5 {
        let answer = wrong.get("/v1/functions").await;
        if answer.status == 429 {
            answer.problem(429);
            assert!(answer.headers.contains_key("retry-after"));
            refused += 1;
        } else {
            answer.problem(401);
        }
        admin.get("/v1/functions").await.ok(200);
    }
}

/// Clients behind a trusted proxy are told apart; others cannot pretend to be many.
#[tokio::test(flavor = "multi_thread")]
async fn failures_are_limited_by_client_behind_a_proxy() {
    for trusts in [true, false] {
        let builder = match trusts {
            true => builder().trusted_proxy("127.0.0.1"),
            false => builder(),
        };
        let running = Running::with(builder, ServerOptions::default()).await;
        let open = running.management();
        create(&open, json!({"name": "root", "scopes": ["admin"]})).await;
        let guess = async |client: u32| {
            let client = format!("2001:db8:0:{client:x}::1");
            let guessing = open
                .header("x-forwarded-for", &client)
                .token("fnt_invented");
            guessing.get("/v1/functions").await.status
        };
        // Ten at once, and one more for each second: a busy machine may need more.
        let mut refused = false;
        for attempt in 0..1000 {
            refused |= guess(if trusts { 0 } else { attempt }).await == 429;
            if refused {
                break;
            }
        }
        assert!(refused);
        if trusts {
            assert_eq!(guess(1).await, 401);
        }
    }
}

/// A function with `ingress = "token"` answers valid tokens only, and gets their metadata.
#[tokio::test(flavor = "multi_thread")]
async fn functions_get_the_metadata_of_tokens() {
    let running = Running::start().await;
    let open = running.management();
    let (admin, _) = create(&open, json!({"name": "root", "scopes": ["admin"]})).await;
    let admin = open.token(&admin);
    admin.deploy("f", test_guests::MISBEHAVE).await.ok(201);
    admin.deploy("g", test_guests::MISBEHAVE).await.ok(201);
    let user =
        json!({"name": "ada", "scopes": ["invoke"], "functions": ["f"], "metadata": "user 7"});
    let (user, id) = create(&admin, user).await;
    let functions = running.functions();
    let with = functions.token(&user);
    assert!(
        with.get("/f/environment")
            .await
            .text()
            .contains("token=Some(\"user 7\")")
    );
    assert!(
        functions
            .get("/f/environment")
            .await
            .text()
            .contains("token=None")
    );
    let unknown = functions.token("theirs").get("/f/environment").await;
    assert!(
        unknown.text().contains("token=None")
            && unknown.text().contains("authorization: Bearer theirs")
    );

    for name in ["f", "g"] {
        let path = format!("/v1/functions/{name}/settings");
        admin
            .patch(&path, json!({"ingress": "token"}))
            .await
            .ok(200);
    }
    assert_eq!(functions.get("/f/environment").await.status, 401);
    assert_eq!(
        functions.token("theirs").get("/f/environment").await.status,
        401
    );
    assert_eq!(with.get("/g/environment").await.status, 403);
    let answer = with.get("/f/environment").await;
    assert!(
        answer.text().contains("token=Some(\"user 7\")")
            && !answer.text().contains("authorization")
    );
    admin.delete(&format!("/v1/tokens/{id}")).await.ok(204);
    assert_eq!(with.get("/f/environment").await.status, 401);
}

/// A client that sends unknown tokens to a function that needs one has to wait. That refuses neither a valid
/// token, nor a request without any, nor other clients.
#[tokio::test(flavor = "multi_thread")]
async fn unknown_tokens_are_limited() {
    let builder = builder().trusted_proxy("127.0.0.1");
    let running = Running::with(builder, ServerOptions::default()).await;
    let open = running.management();
    open.deploy("f", test_guests::PING).await.ok(201);
    open.patch("/v1/functions/f/settings", json!({"ingress": "token"}))
        .await
        .ok(200);
    let (admin, _) = create(&open, json!({"name": "root", "scopes": ["admin"]})).await;
    let functions = running.functions().header("x-forwarded-for", "192.0.2.1");
    let guessing = functions.token("fnt_invented");
    guessing.get("/f").await.problem(401);
    let mut answer = guessing.get("/f").await;
    // Ten at once, and one more for each second: a busy machine may need more.
    for _ in 0..1000 {
        if answer.status == 429 {
            break;
        }
        answer.problem(401);
        answer = guessing.get("/f").await;
    }
    assert!(answer.problem(429).contains("unknown or expired tokens"));
    assert_eq!(answer.json()["reason"], "too-many-tokens");
    assert!(answer.headers.contains_key("retry-after"));
    for _ in 0..20 {
        assert_eq!(functions.token(&admin).get("/f").await.text(), "pong");
        functions.get("/f").await.problem(401);
        let basic = functions.header("authorization", "Basic eDp5");
        basic.get("/f").await.problem(401);
    }
    let other = running.functions().header("x-forwarded-for", "192.0.2.2");
    other.token("fnt_invented").get("/f").await.problem(401);
}

/// On a public function, an unknown token is the function's own business: it passes, however often.
#[tokio::test(flavor = "multi_thread")]
async fn public_functions_have_no_token_limit() {
    let running = Running::start().await;
    let open = running.management();
    open.deploy("f", test_guests::MISBEHAVE).await.ok(201);
    create(&open, json!({"name": "root", "scopes": ["admin"]})).await;
    let theirs = running.functions().token("theirs");
    for _ in 0..50 {
        let answer = theirs.get("/f/environment").await;
        assert!(
            answer.text().contains("authorization: Bearer theirs"),
            "{answer:?}"
        );
    }
}

/// Tokens survive a restart.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::on(folder.path()).await;
    let (admin, _) = create(
        &running.management(),
        json!({"name": "root", "scopes": ["admin"]}),
    )
    .await;
    running.stop().await;
    let running = Running::on(folder.path()).await;
    running.management().get("/v1/functions").await.problem(401);
    running
        .management()
        .token(&admin)
        .get("/v1/functions")
        .await
        .ok(200);
}
