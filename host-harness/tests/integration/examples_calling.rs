//! The examples that call other functions, with their callees.

use host_harness::{Harness, Server};
use http::Method;

use test_support::client::{Answer, Client, whole};

async fn serve(functions: &[(&str, &str)]) -> Server {
    let builder = functions
        .iter()
        .fold(Harness::builder(), |builder, (name, file)| {
            builder.function(*name, *file)
        });
    let harness = builder
        .concurrency(16, 16)
        .output_sink(|_| {})
        .build()
        .unwrap();
    harness.serve("127.0.0.1:0").await.unwrap()
}

/// All names are greeted, in order.
#[tokio::test]
async fn fan_out_joins_calls() {
    let server = serve(&[
        ("fan-out", test_guests::FAN_OUT),
        ("greet", test_guests::GREET),
    ])
    .await;
    let client = Client::new(server.address());
    let names = r#"["Ada","Grace","Barbara","Margaret","Katherine"]"#;
    let answer = client.post("/fan-out", names).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let greeted: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let messages: Vec<_> = greeted
        .as_array()
        .unwrap()
        .iter()
        .map(|greeted| greeted["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        messages,
        [
            "Hello, Ada!",
            "Hello, Grace!",
            "Hello, Barbara!",
            "Hello, Margaret!",
            "Hello, Katherine!"
        ]
    );
}

/// An unexpected answer, or a missing function, fails only its own calls.
#[tokio::test]
async fn fan_out_tells_failures_apart() {
    for functions in [
        &[
            ("fan-out", test_guests::FAN_OUT),
            ("greet", test_guests::PING),
        ][..],
        &[("fan-out", test_guests::FAN_OUT)],
    ] {
        let server = serve(functions).await;
        let client = Client::new(server.address());
        let answer = client.post("/fan-out", r#"["Ada"]"#).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text()),
            (200, r#"[{"name":"Ada","message":null}]"#)
        );
    }
}

async fn halved(path: &str, picture: Vec<u8>) -> Answer {
    let server = serve(&[
        ("orchestrate", test_guests::ORCHESTRATE),
        ("shrink", test_guests::SHRINK),
    ])
    .await;
    Client::new(server.address()).post(path, picture).await
}

/// A picture passes through all steps.
#[tokio::test]
async fn orchestrate_passes_bodies_on() {
    let picture = |side: usize| {
        let mut picture = format!("P6\n{side} {side}\n255\n").into_bytes();
        picture.resize(picture.len() + side * side * 3, 7);
        picture
    };
    let answer = halved("/orchestrate?halvings=3", picture(800)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("image/x-portable-pixmap")
    );
    assert!(answer.body == picture(100), "{} bytes", answer.body.len());
}

/// A step that refuses the picture tells the client, and a missing step does not.
#[tokio::test]
async fn orchestrate_says_what_failed() {
    let answer = halved("/orchestrate", b"no picture".to_vec()).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.problem("detail").contains("this is not a PPM"),
        "{answer:?}"
    );

    let server = serve(&[("orchestrate", test_guests::ORCHESTRATE)]).await;
    let answer = Client::new(server.address())
        .post("/orchestrate", "x")
        .await;
    assert_eq!(answer.status, 500);
    assert!(!answer.text().contains("shrink"), "{answer:?}");
}

/// A client with the current tag does not receive the body again.
#[tokio::test]
async fn etag_saves_what_is_known() {
    let server = serve(&[
        ("etag", test_guests::ETAG),
        ("stream-csv", test_guests::STREAM_CSV),
    ])
    .await;
    let client = Client::new(server.address());
    let first = client.get("/etag?rows=2").await;
    assert_eq!(
        (first.status.as_u16(), first.text()),
        (200, "number,square\n1,1\n2,4\n")
    );
    let tag = first.header("etag").unwrap();
    let again = |path: &str| {
        let request = client.request(Method::GET, path);
        let request = request.header("if-none-match", tag).body(whole(""));
        client.send(request.unwrap())
    };
    let same = again("/etag?rows=2").await;
    assert_eq!((same.status.as_u16(), same.text()), (304, ""));
    assert_eq!(same.header("etag"), Some(tag));
    assert_eq!(again("/etag?rows=3").await.status, 200);
}
