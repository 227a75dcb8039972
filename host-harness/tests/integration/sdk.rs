//! The SDK in a component: behavior that native tests cannot cover.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use host_harness::{Harness, LogLevel, Record, RecordKind};
use http::Method;
use http_body_util::BodyExt as _;

use test_support::client::{Client, pieces};
use test_support::soon;

/// A host with one function, and its records.
fn harness(name: &str, file: &str) -> (Harness, Arc<Mutex<Vec<Record>>>) {
    let records = Arc::new(Mutex::new(Vec::new()));
    let harness = Harness::builder()
        .function(name, file)
        .concurrency(16, 16)
        .output_sink({
            let records = Arc::clone(&records);
            move |record| records.lock().unwrap().push(record)
        })
        .build()
        .unwrap();
    (harness, records)
}

async fn get(harness: &Harness, path: &str) -> (u16, String) {
    let request = http::Request::get(path).body(String::new()).unwrap();
    let response = soon(harness.handle(request)).await;
    let status = response.status().as_u16();
    let body = soon(response.into_body().collect())
        .await
        .unwrap()
        .to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// std works on the SDK's small libc: variables, clocks, random numbers, threads that sleep. Files are an
/// error, and not a trap.
#[tokio::test]
async fn std_works() {
    let (harness, _) = harness("f", test_guests::USES_STD);
    for (path, answer) in [
        ("/f/variables", "Err(NotPresent) Ok(\"1\") 1"),
        ("/f/files", "Err(NotFound)"),
        ("/f/clocks", "true true"),
        ("/f/random", "1"),
        ("/f/join", "[300, 299, 298] true"),
    ] {
        assert_eq!(get(&harness, path).await, (200, answer.into()), "{path}");
    }
}

/// A function's variables are its environment variables, and the host's own are not visible. Only `NO_COLOR`
/// is set by default, and can be replaced.
#[tokio::test]
async fn variables_reach_functions() {
    let builder = || {
        let builder = Harness::builder().function("f", test_guests::USES_STD);
        let builder = builder.env("NAME", "first").env("NAME", "Ada");
        builder.concurrency(1, 1)
    };
    for (builder, color) in [(builder(), "1"), (builder().env("NO_COLOR", ""), "")] {
        let harness = builder.build().unwrap();
        let expected = format!("Ok(\"Ada\") Ok({color:?}) 2");
        assert_eq!(get(&harness, "/f/variables").await, (200, expected));
    }
}

/// The SDK's `malloc` preserves every block, of any size and alignment, through 20,000 steps of allocating,
/// growing, shrinking and freeing.
#[tokio::test]
async fn heap_keeps_its_blocks() {
    let (harness, _) = harness("f", test_guests::USES_STD);
    assert_eq!(get(&harness, "/f/heap").await, (200, "20000".into()));
}

/// Printed text arrives line by line, from `println!`, `eprintln!`, a locked stdout and a panic.
#[tokio::test]
async fn printing_is_recorded() {
    let (harness, records) = harness("f", test_guests::USES_STD);
    assert_eq!(get(&harness, "/f/print").await.0, 200);
    let printed: Vec<_> = records
        .lock()
        .unwrap()
        .drain(..)
        .map(|record| record.to_string())
        .collect();
    let ends = |end: &str| printed.iter().any(|line| line.ends_with(end));
    assert!(
        ends("stdout] to stdout") && ends("stderr] to stderr") && ends("stdout] in pieces"),
        "{printed:?}"
    );

    assert_eq!(get(&harness, "/f/panic").await.0, 500);
    let said: Vec<_> = records
        .lock()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    let said = said.join("\n");
    assert!(
        said.contains("src/lib.rs") && said.contains("on purpose,"),
        "{said}"
    );
    assert!(said.contains("stderr] in two lines"), "{said}");
}

/// The `log` crate's macros become records with level, target, message and fields.
#[tokio::test]
async fn log_macros_are_recorded() {
    let (harness, records) = harness("f", test_guests::USES_STD);
    assert_eq!(get(&harness, "/f/log").await.1, "logged");
    let records = records.lock().unwrap();
    let RecordKind::Logged {
        level,
        target,
        message,
        fields,
        ..
    } = &records[0].kind
    else {
        panic!("{records:?}");
    };
    assert_eq!(
        (*level, target.as_str(), message.as_str()),
        (LogLevel::Warn, "shop", "sold out")
    );
    let fields: Vec<_> = fields
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(fields, [("order", "7"), ("who", "Ada Lovelace")]);
}

/// Events arrive while the function still runs.
#[tokio::test]
async fn events_arrive_as_they_are_sent() {
    let (harness, _) = harness("events", test_guests::EVENTS);
    let request = http::Request::get("/events?ms=20&count=3")
        .body(String::new())
        .unwrap();
    let response = soon(harness.handle(request)).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    for tick in 1..=3 {
        let frame = soon(body.frame())
            .await
            .unwrap()
            .unwrap()
            .into_data()
            .unwrap();
        assert_eq!(
            frame,
            format!("event: tick\nid: {tick}\ndata: tick {tick}\n\n")
        );
    }
    assert!(soon(body.frame()).await.is_none());
}

/// A long table arrives complete, and an invalid number is a failure whose cause is only in the log.
#[tokio::test]
async fn tables_stream() {
    let (harness, records) = harness("csv", test_guests::STREAM_CSV);
    let (status, table) = get(&harness, "/csv?rows=100000").await;
    assert_eq!((status, table.lines().count()), (200, 100_001));
    assert!(table.ends_with("\n100000,10000000000\n"));

    let (status, problem) = get(&harness, "/csv?rows=many").await;
    assert_eq!(status, 500);
    assert!(!problem.contains("digit"), "{problem}");
    let records = records.lock().unwrap();
    assert!(
        records[0].to_string().contains("invalid digit"),
        "{records:?}"
    );
    assert!(
        problem.contains(&records[0].invocation.to_string()),
        "{problem}"
    );
}

/// A router and an axum application match paths below the function's base.
#[tokio::test]
async fn routers_route_below_their_base() {
    let (harness, _) = harness("r", test_guests::ROUTER);
    assert_eq!(
        get(&harness, "/r/users/1").await,
        (200, r#"{"name":"Grace"}"#.into())
    );
    assert_eq!(get(&harness, "/r/nope").await.0, 404);
    let request = http::Request::delete("/r/users")
        .body(String::new())
        .unwrap();
    let response = harness.handle(request).await;
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "GET, HEAD, OPTIONS, POST");
}

/// An axum application answers as on a server.
#[tokio::test]
async fn axum_works() {
    let (harness, _) = harness("todo", test_guests::TODO_AXUM);
    let todos = r#"[{"text":"read the examples"}]"#;
    assert_eq!(get(&harness, "/todo/todos").await, (200, todos.into()));
    assert_eq!(get(&harness, "/todo/todos/9").await.0, 404);
}

/// A body of any size is digested in a function with at most 4 MiB of memory.
#[tokio::test]
async fn uploads_are_digested_in_constant_memory() {
    const PIECES: usize = 64;
    let harness = Harness::builder()
        .function("digest", test_guests::UPLOAD_DIGEST)
        .memory(4 * 1024 * 1024)
        .concurrency(4, 4)
        .build()
        .unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let (sender, body) = pieces();
    let request = client.request(Method::PUT, "/digest").body(body).unwrap();
    let send = async {
        let piece = Bytes::from(vec![b'a'; 1_000_000]);
        for _ in 0..PIECES {
            sender.send(piece.clone()).await.unwrap();
        }
        drop(sender);
    };
    let (answer, ()) = tokio::join!(client.send(request), send);
    let expected = "584d955f35c82c6896bbe520ef7917de025c499a74b447031d82aa9f9d72fa67";
    assert_eq!((answer.status.as_u16(), answer.text()), (200, expected));
}
