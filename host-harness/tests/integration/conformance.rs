//! What a handler answers natively, with `TestRequest`, is what it answers on the host: status, headers,
//! body, and whether that comes to its end.

use conformance::cases::{CASES, Case, VARIABLE};
use functions_guest_web::testing::TestResponse;
use host_harness::Harness;
use http::{HeaderMap, Method};
use http_body_util::BodyExt as _;

use crate::support::client::{Client, whole};
use crate::support::soon;

/// A response as both ways can be compared.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    headers: Vec<String>,
    body: String,
    complete: bool,
}

/// The headers that a handler has a say in, in alphabetical order.
const COMPARED: [&str; 8] = [
    "allow",
    "cache-control",
    "connection",
    "content-type",
    "location",
    "set-cookie",
    "x-secret",
    "x89",
];

impl Answer {
    fn new(status: u16, body: &[u8], complete: bool, values: impl Fn(&str) -> Vec<String>) -> Self {
        let mut body = String::from_utf8_lossy(body).into_owned();
        // Each invocation has an id of its own.
        let id = body.find(r#","invocationId":""#);
        let end = id.and_then(|id| body[id + 17..].find('"').map(|end| id + 18 + end));
        if let (Some(id), Some(end)) = (id, end) {
            body.replace_range(id..end, "");
        }
        let headers = COMPARED.iter().flat_map(|name| {
            let values = values(name).into_iter();
            values.map(move |value| format!("{name}: {value}"))
        });
        Self {
            status,
            headers: headers.collect(),
            body,
            complete,
        }
    }

    fn of_test(response: &TestResponse) -> Self {
        let values = |name: &str| response.header_all(name).map(str::to_owned).collect();
        let complete = response.is_complete();
        Self::new(response.status(), response.bytes(), complete, values)
    }
}

/// The case over a real connection.
async fn on_the_host(case: &Case, client: &Client) -> Answer {
    let method = Method::from_bytes(case.method.as_bytes()).unwrap();
    let request = client
        .request(method, &format!("/f{}", case.path))
        .header("x", "y")
        .body(whole(case.body))
        .unwrap();
    let (head, mut body) = client.begin(request).await.unwrap().into_parts();
    let mut bytes = Vec::new();
    let complete = loop {
        match soon(body.frame()).await {
            Some(Ok(frame)) => bytes.extend(frame.into_data().unwrap_or_default()),
            Some(Err(_)) => break false,
            None => break true,
        }
    };
    let values = |headers: &HeaderMap, name: &str| -> Vec<String> {
        let all = headers.get_all(name).iter();
        all.map(|value| value.to_str().unwrap().to_owned())
            .collect()
    };
    Answer::new(head.status.as_u16(), &bytes, complete, |name| {
        values(&head.headers, name)
    })
}

/// Each case is what the list says, natively, over HTTP/1 and over HTTP/2.
#[tokio::test]
async fn native_tests_and_the_host_agree() {
    let harness = Harness::builder()
        .function("f", test_guests::CONFORMANCE)
        .variable(VARIABLE.0, VARIABLE.1)
        .concurrency(4, 16)
        .output(|_| {})
        .build()
        .unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let clients = [
        Client::new(server.address()),
        Client::http2(server.address()),
    ];
    for case in CASES {
        let native = Answer::of_test(&case.natively());
        assert_eq!(
            (native.status, native.complete),
            (case.status, case.complete),
            "{case:?}"
        );
        assert!(
            native.body.contains(case.has),
            "{case:?} natively: {native:?}"
        );
        for client in &clients {
            let host = on_the_host(case, client).await;
            assert_eq!(native, host, "{case:?}: natively, and on the host");
        }
    }
}
