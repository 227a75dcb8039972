//! Who gets the ids of invocations.

use serde_json::json;
use test_guests::ECHO;

use crate::queue::defer;
use crate::support::Running;

/// An id is all that somebody needs to see a result. So a token for one function gets the ids of that one only, also
/// as the cursor of a page.
#[tokio::test(flavor = "multi_thread")]
async fn ids_are_for_who_may_see_the_function() {
    let running = Running::start().await;
    let (client, management) = (running.functions(), running.management());
    let mut mine = Vec::new();
    for name in ["other", "mine", "other", "mine", "other"] {
        management.deploy(name, ECHO).await;
        let path = defer(&client, &format!("/{name}"), "x").await;
        if name == "mine" {
            mine.insert(0, json!(path.rsplit('/').next()));
        }
    }
    let admin = json!({"name": "admin", "scopes": ["admin"]});
    let admin = management.post("/v1/tokens", admin).await.ok(201);
    let management = management.token(admin["token"].as_str().unwrap());
    let limited = json!({"name": "m", "scopes": ["read"], "functions": ["mine"]});
    let limited = management.post("/v1/tokens", limited).await.ok(201);
    let limited = management.token(limited["token"].as_str().unwrap());
    let mut seen = Vec::new();
    let mut path = "/v1/invocations?limit=1".to_owned();
    loop {
        let page = limited.get(&path).await.ok(200);
        seen.extend(page["invocations"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else {
            break;
        };
        assert!(mine.contains(&json!(next)), "{page}");
        path = format!("/v1/invocations?limit=1&after={next}");
    }
    let seen: Vec<_> = seen.iter().map(|shown| shown["id"].clone()).collect();
    assert_eq!(seen, mine);
    let all = management.get("/v1/invocations").await.ok(200);
    assert_eq!(all["invocations"].as_array().unwrap().len(), 5);
}
