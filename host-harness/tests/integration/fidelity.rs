//! Requests reach functions, and responses reach clients, without loss or additions.

use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use test_support::client::{Client, whole};
use test_support::{server, soon};

/// The first two functions of the documentation answer as described, with any method and path.
#[tokio::test]
async fn seed_functions_answer() {
    let server = server().await;
    let client = Client::new(server.address());

    for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
        let request = client.request(method, "/ping").body(whole("")).unwrap();
        let answer = client.send(request).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(answer.text(), "pong");
    }
    for path in ["/greet", "/greet/", "/greet/a/b?x=1"] {
        let answer = client.post(path, r#"{"name":"Ada"}"#).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.text(), r#"{"message":"Hello, Ada!"}"#);
    }
}

/// A crate that renames the SDK, and uses the macro's names, is a valid function.
#[tokio::test]
async fn renamed_sdk_works() {
    let server = server().await;
    let client = Client::new(server.address());
    assert_eq!(
        client.get("/renamed").await.text(),
        "hello from a renamed SDK"
    );
}

/// An invalid body is the client's fault, and the client learns what is wrong and where.
#[tokio::test]
async fn malformed_json_is_told() {
    let server = server().await;
    let client = Client::new(server.address());
    for (body, detail) in [
        (r#"{"nam":1}"#, "missing field `name` at line 1 column 9"),
        ("not json", "expected ident at line 1 column 2"),
        ("", "EOF while parsing a value at line 1 column 0"),
    ] {
        let answer = client.post("/greet", body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.problem("detail"), detail);
    }
    // One byte over the limit of `Json`.
    let answer = client.post("/greet", vec![b' '; 2 * 1024 * 1024 + 1]).await;
    assert_eq!(answer.status, 413);
    assert_eq!(
        answer.problem("detail"),
        "the body is longer than 2097152 bytes"
    );
}

/// An unknown function is 404, and the answer says what is missing.
#[tokio::test]
async fn unknown_functions_are_not_found() {
    let server = server().await;
    let client = Client::new(server.address());
    for (path, names) in [
        ("/nope", "\"nope\""),
        ("/Ping", "\"Ping\""),
        ("/", "not name a function"),
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.problem("detail").contains(names), "{answer:?}");
    }
}

/// A function sees its request: the path below its base, repeated headers in order, and no hop-by-hop header.
#[tokio::test]
async fn functions_see_their_request() {
    let server = server().await;
    let client = Client::new(server.address());
    let request = client
        .request(Method::PATCH, "/misbehave/environment?a=1&b=%20")
        .header("X-Test", "one")
        .header("x-test", "two")
        .header("connection", "keep-alive, x-hop")
        .header("x-hop", "1")
        .header("te", "trailers")
        .body(whole(""))
        .unwrap();
    let answer = client.send(request).await;
    let lines: Vec<_> = answer.text().lines().collect();
    for line in [
        "method=PATCH",
        "path=/environment",
        "query=Some(\"a=1&b=%20\")",
        "name=misbehave",
        "token=None",
        "variables=[(\"NO_COLOR\", \"1\")]",
        "variable=None",
        "peer=true",
        "remaining=true",
        "x-test=2",
    ] {
        assert!(lines.contains(&line), "{line} in {lines:#?}");
    }
    let tests: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("x-test: "))
        .collect();
    assert_eq!(tests, [&"x-test: one", &"x-test: two"]);
    for name in ["connection: ", "x-hop: ", "te: "] {
        assert!(
            !lines.iter().any(|line| line.starts_with(name)),
            "{name} in {lines:#?}"
        );
    }
}

/// Repeated headers are kept, and the host sets the framing, whatever the function sets.
#[tokio::test]
async fn functions_set_headers() {
    let server = server().await;
    let client = Client::new(server.address());
    let headers = "set-cookie: a=1\nSet-Cookie: b=2\ncontent-length: 99\ntransfer-encoding: gzip\nconnection: close";
    let answer = client.post("/misbehave/headers", headers).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), "body");
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(answer.header("content-length"), Some("4"));
    assert_eq!(answer.header("transfer-encoding"), None);
}

/// An invalid reply is the function's failure, and not a broken connection.
#[tokio::test]
async fn invalid_replies_are_failures() {
    let server = server().await;
    let client = Client::new(server.address());
    for status in [0, 99, 100, 199, 600, 65535] {
        let answer = client.get(&format!("/misbehave/status?{status}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem("reason")),
            (500, "invalid-reply".into())
        );
    }
    for header in ["a b: c", ": c", "x: a\0b", "x\u{e9}: c"] {
        let answer = client.post("/misbehave/headers", header).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem("reason")),
            (500, "invalid-reply".into())
        );
    }
    let answer = client.get("/misbehave/streamed").await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem("reason")),
        (500, "invalid-reply".into())
    );
    for status in [200, 201, 302, 404, 500, 599] {
        let answer = client.get(&format!("/misbehave/status?{status}")).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (status, "body"));
    }
}

/// Responses that cannot have a body have none, and the connection continues.
#[tokio::test]
async fn bodiless_responses_have_no_body() {
    let server = server().await;
    for client in [
        Client::new(server.address()),
        Client::http2(server.address()),
    ] {
        for status in [204, 304] {
            let answer = client.get(&format!("/misbehave/status?{status}")).await;
            assert_eq!((answer.status.as_u16(), answer.text()), (status, ""));
            assert_eq!(answer.header("content-length"), None);
        }
        let request = client
            .request(Method::HEAD, "/ping")
            .body(whole(""))
            .unwrap();
        let answer = client.send(request).await;
        assert_eq!(
            (answer.text(), answer.header("content-length")),
            ("", Some("4"))
        );
        assert_eq!(client.get("/ping").await.text(), "pong");
    }
}

/// Functions find `host` among their headers, in every version of HTTP.
#[tokio::test]
async fn host_is_a_header() {
    let server = server().await;
    for client in [
        Client::new(server.address()),
        Client::http2(server.address()),
    ] {
        let answer = client.get("/misbehave/environment").await;
        let host = format!("host: {}", server.address());
        assert!(answer.text().lines().any(|line| line == host), "{answer:?}");
    }
}

/// HTTP/2 reaches the same functions.
#[tokio::test]
async fn http2_works() {
    let server = server().await;
    let client = Client::http2(server.address());
    assert_eq!(client.get("/ping").await.text(), "pong");
    let body = vec![7; 1024 * 1024];
    assert_eq!(client.post("/echo", body.clone()).await.body, body);
}

/// Invalid HTTP is answered as HTTP requires, and the server continues.
#[tokio::test]
async fn bad_requests_are_answered() {
    let server = server().await;
    let endless = format!(
        "GET /ping HTTP/1.1\r\nx: {}\r\n\r\n",
        "x".repeat(1024 * 1024)
    );
    for (request, status) in [
        ("what?\r\n\r\n", "400"),
        ("GET /ping HTTP/1.1\r\nbad header\r\n\r\n", "400"),
        ("POST /ping HTTP/1.1\r\ncontent-length: x\r\n\r\n", "400"),
        (&endless, "431"),
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        // The server may answer and close the connection before it has read everything.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = [0; 12];
        soon(stream.read_exact(&mut answer)).await.unwrap();
        assert_eq!(
            String::from_utf8_lossy(&answer),
            format!("HTTP/1.1 {status}")
        );
    }
    assert_eq!(
        Client::new(server.address()).get("/ping").await.text(),
        "pong"
    );
}

/// An unread body does not affect the next request of the connection.
#[tokio::test]
async fn unread_bodies_do_not_leak_into_the_next_request() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let smuggled = "GET /nope HTTP/1.1\r\n\r\n".repeat(1000);
    let head = format!(
        "POST /ping HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        smuggled.len()
    );
    let second = "GET /counter HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream
        .write_all(format!("{head}{smuggled}{second}").as_bytes())
        .await
        .unwrap();
    let mut answers = String::new();
    soon(stream.read_to_string(&mut answers)).await.unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    assert_eq!(answers.matches("HTTP/1.1").count(), 2, "{answers}");
    assert!(
        answers.contains("pong") && answers.ends_with("\r\n\r\n1"),
        "{answers}"
    );
}
