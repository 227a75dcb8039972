//! A handler's response is the same natively, with `TestRequest`, and on the host: status, headers, body, and
//! whether it is complete.

use conformance::cases::{CASES, CONNECTION_HEADERS, Case, HEADERS, VARIABLE};
use functions_guest_web::testing::TestResponse;
use host_harness::Harness;
use http::{HeaderMap, Method};
use http_body_util::BodyExt as _;

use test_support::client::{Client, whole};
use test_support::soon;

/// A response in a form that can be compared.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    headers: Vec<String>,
    body: String,
    complete: bool,
}

/// The headers that a handler influences, in alphabetical order.
const COMPARED: [&str; 9] = [
    "allow",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "location",
    "set-cookie",
    "x-secret",
    "x89",
];

impl Answer {
    fn new(status: u16, body: &[u8], complete: bool, values: impl Fn(&str) -> Vec<String>) -> Self {
        let mut body = String::from_utf8_lossy(body).into_owned();
        // Each invocation has its own id.
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

/// Runs the case over a real connection.
async fn on_the_host(case: &Case, client: &Client, headers: &[(&str, &str)]) -> Answer {
    let method = Method::from_bytes(case.method.as_bytes()).unwrap();
    let request = client.request(method, &format!("/f{}", case.path));
    let headers = headers.iter();
    let request = headers.fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    let request = request.body(whole(case.body)).unwrap();
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

/// Each case has the expected response natively, over HTTP/1 and over HTTP/2.
#[tokio::test]
async fn native_tests_and_the_host_agree() {
    let harness = Harness::builder()
        .function("f", test_guests::CONFORMANCE)
        .env(VARIABLE.0, VARIABLE.1)
        .concurrency(4, 16)
        .output_sink(|_| {})
        .build()
        .unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let with_connection = [HEADERS, CONNECTION_HEADERS].concat();
    let clients = [
        (Client::new(server.address()), &*with_connection, false),
        (Client::http2(server.address()), HEADERS, true),
    ];
    for case in CASES {
        for (client, headers, is_http2) in &clients {
            let mut native = Answer::of_test(&case.natively(headers));
            assert_eq!(
                (native.status, native.complete),
                (case.status, case.complete),
                "{case:?}"
            );
            assert!(
                native.body.contains(case.has),
                "{case:?} natively: {native:?}"
            );
            if *is_http2 {
                // There the end of the head means the same.
                native
                    .headers
                    .retain(|header| header != "content-length: 0");
            }
            let host = on_the_host(case, client, headers).await;
            // The length of a streamed body is known only if the function ends before its head is sent, which
            // no busy machine promises.
            let has_length = |answer: &Answer| {
                let mut headers = answer.headers.iter();
                headers.any(|header| header.starts_with("content-length: "))
            };
            let is_streamed = ["/stream", "/events"]
                .iter()
                .any(|path| case.path.starts_with(path));
            if is_streamed && !has_length(&host) {
                native
                    .headers
                    .retain(|header| !header.starts_with("content-length: "));
            }
            assert_eq!(native, host, "{case:?}: natively, and on the host");
        }
    }
}
