//! Which functions are reachable from outside and from inside, and under which URL.

use host_harness::Harness;
use http::Method;

use super::{SHARED, builder, get};
use test_support::client::{Client, whole};

/// A private function is unknown from outside, and callable from inside.
#[tokio::test]
async fn private_functions_are_inside() {
    let harness = builder().private("echo").build().unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let (hidden, unknown) = (client.get("/echo").await, client.get("/nope").await);
    assert_eq!(hidden.status, 404);
    assert_eq!(hidden.text().replace("echo", "nope"), unknown.text());
    let request = client.request(Method::POST, "/caller/call/echo");
    let answer = client.send(request.body(whole("inside")).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "inside"));
    assert_eq!(client.get("/caller/url/echo").await.text(), "Ok(None)");
}

/// The URL of a function starts with the public URL, or else with the host's address.
#[tokio::test]
async fn urls_say_where() {
    let url = |base: String| format!("Ok(Some({:?}))", format!("{base}/echo"));
    let harness = &*SHARED;
    assert_eq!(get(harness, "url/echo").await.text(), "Ok(None)");
    let unknown = get(harness, "url/nope").await;
    assert_eq!(unknown.text(), "Err(Error::NotFound(\"nope\"))");
    let over = async |harness: &Harness, listen: &str| {
        let server = harness.serve(listen).await.unwrap();
        let port = server.address().port();
        let client = Client::new(([127, 0, 0, 1], port).into());
        (port, client.get("/caller/url/echo").await.text().to_owned())
    };
    let (port, said) = over(harness, "127.0.0.1:0").await;
    assert_eq!(said, url(format!("http://127.0.0.1:{port}")));
    let (port, said) = over(harness, "0.0.0.0:0").await;
    assert_eq!(said, url(format!("http://localhost:{port}")));

    let harness = builder().public_url("https://Example.com/f/");
    let harness = harness.build().unwrap();
    let base = || url("https://example.com/f".into());
    assert_eq!(get(&harness, "url/echo").await.text(), base());
    assert_eq!(over(&harness, "127.0.0.1:0").await.1, base());
}

/// An unknown private function, and an invalid public URL, are errors that list what exists.
#[test]
fn bad_settings_are_refused() {
    let refused = builder().private("nope").build().unwrap_err().to_string();
    assert!(
        refused.contains("\"nope\"") && refused.contains("caller, echo, misbehave"),
        "{refused}"
    );
    let refused = builder().public_url("example.com").build().unwrap_err();
    assert!(refused.to_string().contains("--public-url"), "{refused}");
}
