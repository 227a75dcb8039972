//! Which functions are reachable from outside and from inside, and under which URL.

use host_harness::Harness;
use http::Method;

use super::{SHARED, builder, get};
use crate::support::client::{Client, whole};
use crate::support::command::{Serving, functions, run};

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

    let echo = format!("echo={}", test_guests::ECHO);
    for (arguments, says) in [
        (&["--private", "nope"][..], "known functions: echo"),
        (&["--public-url", "nope"], "https://HOST"),
        (&["--max-depth", "17"], "16"),
    ] {
        let output = run(&[&["serve", &echo], arguments].concat());
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(says), "{says} in {text}");
    }
}

/// The command serves private functions and public URLs, and logs a failure once, under the id of the failed
/// function.
#[tokio::test]
async fn the_command_has_it_all() {
    let named = |name: &str, file: &str| format!("{name}={file}");
    let command = functions(&[
        "serve",
        &named("caller", test_guests::CALLER),
        &named("misbehave", test_guests::MISBEHAVE),
        "--private",
        "misbehave",
        "--public-url",
        "https://example.com",
        "--max-depth",
        "2",
        "--listen",
        "127.0.0.1:0",
    ]);
    let serving = Serving::start(command);
    let client = Client::new(serving.address);
    assert_eq!(client.get("/misbehave").await.status, 404);
    let url = client.get("/caller/url/caller").await;
    assert_eq!(url.text(), "Ok(Some(\"https://example.com/caller\"))");
    let failed = client.get("/caller/call/misbehave/panic").await;
    let failed = failed.text().to_owned();
    let id = failed.split("invocation ").nth(1).unwrap();
    let id = &id[..34];
    assert!(id.ends_with(".1"), "{failed}");
    let missing = client.get("/caller/call/nobody").await;
    assert_eq!(missing.text(), "Error::NotFound(\"nobody\")");
    drop(client);
    serving.signal("TERM");
    let (_, said) = serving.end();
    assert_eq!(said.matches("the function stopped").count(), 1, "{said}");
    assert_eq!(
        said.matches(&format!("invocation={id}")).count(),
        1,
        "{said}"
    );
    let unknown = said.lines().find(|line| line.contains("\"nobody\""));
    assert!(unknown.unwrap().contains("caller, misbehave"), "{said}");
}
