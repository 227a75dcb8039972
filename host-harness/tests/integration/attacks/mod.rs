//! Hand-written functions that attack the limits: each ends within them, and other functions still run.

mod interfaces;
mod texts;

use std::time::Duration;

use host_harness::{Builder, Harness};
use tempfile::NamedTempFile;

use test_support::client::Client;
use test_support::soon;
use test_support::straight::Straight;

/// The number of host calls in a straight line.
const CALLS: usize = 6000;

/// Almost the whole memory.
const LONG: &str = "(i32.const 102760448)";

/// A function that calls the host this number of times in a straight line.
fn calls(call: &str) -> Straight {
    Straight {
        pages: 1600,
        more: String::new(),
        body: format!("{call}\n").repeat(CALLS),
    }
}

/// A host with this function and a harmless one.
fn host(attack: &Straight) -> (NamedTempFile, Builder) {
    let file = attack.file();
    let builder = host_of(&file);
    (file, builder)
}

fn host_of(attack: &NamedTempFile) -> Builder {
    Harness::builder()
        .function("attack", attack.path())
        .function("ping", test_guests::PING)
        .concurrency(4, 16)
        .output_sink(|_| {})
}

/// A call with a text that takes 98 MiB.
fn call_with_text(function: &str) -> Straight {
    calls(&format!(
        "(call ${function} (i32.const 8192) {LONG} (i32.const 16))"
    ))
}

fn print_much() -> Straight {
    calls(&format!(
        "(call $write (i32.const 0) (i32.const 8192) {LONG})"
    ))
}

/// The reason in the attacker's answer. Other requests are answered meanwhile, on the same thread.
async fn reason(builder: Builder) -> String {
    let harness = builder.build().unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let attack = tokio::spawn({
        let client = client.clone();
        async move { client.get("/attack").await }
    });
    let mut beside = 0;
    while !attack.is_finished() {
        assert_eq!(client.get("/ping").await.text(), "pong");
        beside += 1;
    }
    assert!(beside > 1);
    let answer = attack.await.unwrap();
    assert_eq!(answer.status, 504);
    answer.problem("reason")
}

/// Texts that are longer than any name are not copied, so calls with them cost nothing.
#[tokio::test]
async fn long_texts_stay_in_the_function() {
    let resolve = format!("(call $resolve (local.get 0) (i32.const 8192) {LONG} (i32.const 16))");
    let mut resolve = calls(&resolve);
    resolve.body = format!("(local.set 0 (call $network)) {}", resolve.body);
    for (function, attack) in [
        ("variable", call_with_text("variable")),
        ("header", call_with_text("header")),
        ("resolve-addresses", resolve),
    ] {
        let (_file, builder) = host(&attack);
        let harness = builder.cpu_time(Duration::from_secs(1)).build().unwrap();
        let server = harness.serve("127.0.0.1:0").await.unwrap();
        let answer = Client::new(server.address()).get("/attack").await;
        assert_eq!(answer.status, 200, "{function}: {answer:?}");
    }
}

/// Too many headers are not copied out of the function, which would take more than its memory.
#[tokio::test]
async fn endless_headers_stay_in_the_function() {
    for (headers, reason) in [(0, None), (6_000_000, Some("invalid-reply"))] {
        let attack = Straight {
            pages: 1600,
            more: String::new(),
            body: format!(
                "(i32.store (i32.const 1028) (i32.const 200))
                 (i32.store (i32.const 1032) (i32.const 65536))
                 (i32.store (i32.const 1036) (i32.const {headers}))
                 (i32.store (i32.const 1040) (i32.const 1))
                 (return (i32.const 1024))"
            ),
        };
        let (_file, builder) = host(&attack);
        let server = builder.build().unwrap().serve("127.0.0.1:0").await.unwrap();
        let answer = Client::new(server.address()).get("/attack").await;
        let got = (answer.status != 200).then(|| answer.problem("reason"));
        assert_eq!(got.as_deref(), reason, "{answer:?}");
    }
}

/// Random bytes are limited to pieces that take little time.
#[tokio::test]
async fn random_bytes_of_one_call_are_bounded() {
    for (bytes, status) in [(1 << 20, 200), ((1 << 20) + 1, 500)] {
        let attack = Straight {
            pages: 100,
            more: String::new(),
            body: format!("(call $random (i64.const {bytes}) (i32.const 16))"),
        };
        let (_file, builder) = host(&attack);
        let server = builder.build().unwrap().serve("127.0.0.1:0").await.unwrap();
        let answer = Client::new(server.address()).get("/attack").await;
        assert_eq!(answer.status, status, "{bytes}: {answer:?}");
    }
}

/// Host calls in a straight line end at the CPU limit, although no compiled code checks it.
#[tokio::test]
async fn straight_host_calls_end_with_their_cpu_time() {
    let (_file, builder) = host(&print_much());
    let builder = builder.cpu_time(Duration::from_millis(300));
    assert_eq!(reason(builder).await, "cpu-limit");
}

/// The same for the wall-clock limit.
#[tokio::test]
async fn straight_host_calls_end_with_their_time() {
    let (_file, builder) = host(&print_much());
    let builder = builder
        .cpu_time(Duration::from_secs(600))
        .timeout(Duration::from_millis(300));
    assert_eq!(reason(builder).await, "timeout");
}

/// A module that calls the host in its `start` is refused within its limits.
#[tokio::test]
async fn straight_host_calls_at_the_start_end_within_the_limits_of_a_request() {
    let attack = Straight {
        more: format!("(func $start {}) (start $start)", print_much().body),
        body: String::new(),
        pages: 1600,
    };
    let (_file, builder) = host(&attack);
    let loaded = soon(tokio::task::spawn_blocking(move || {
        builder.cpu_time(Duration::from_millis(300)).build()
    }));
    let refused = loaded.await.unwrap().unwrap_err();
    assert!(
        format!("{refused:?}").contains("CPU time limit"),
        "{refused:?}"
    );
}

/// A function may have one memory unless the host allows more.
#[test]
fn several_memories_are_refused_at_load() {
    let (_file, builder) = host(&Straight::memories(4));
    let refused = builder.build().unwrap_err();
    let mut text = refused.to_string();
    let mut source = std::error::Error::source(&refused);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    assert!(
        text.contains("4 linear memories, above the limit of 1; raise it with --max-memories"),
        "{text}"
    );
    let (_file, builder) = host(&Straight::memories(5));
    let refused = format!("{:?}", builder.memories(8).build().unwrap_err());
    assert!(refused.contains("raise --max-concurrency"), "{refused}");
}

/// A function with several memories takes as many permits. It waits, and others are refused as on any full
/// host, and do not fail.
#[tokio::test]
async fn several_memories_take_several_permits() {
    let (_file, builder) = host(&Straight::memories(2));
    let harness = builder.memories(2).concurrency(4, 0).depth(0);
    let harness = harness.timeout(Duration::from_secs(600)).build().unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let begin = || {
        let client = client.clone();
        tokio::spawn(async move { client.get("/attack").await })
    };
    let running = [begin(), begin()];
    let turned_away = soon(async {
        loop {
            let answer = client.get("/ping").await;
            if answer.status != 200 {
                break answer;
            }
        }
    });
    assert_eq!(turned_away.await.problem("reason"), "overloaded");
    assert_eq!(client.get("/attack").await.problem("reason"), "overloaded");
    for attack in running {
        assert!(!attack.is_finished());
        attack.abort();
    }
    soon(async { while client.get("/ping").await.status != 200 {} }).await;
}

/// A body that blocks in a poll.
struct Hanging;

impl http_body::Body for Hanging {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        loop {
            std::thread::park();
        }
    }
}

/// A thread that does not return from a function ends the process, with a message.
#[test]
#[cfg(unix)]
fn a_thread_that_hangs_ends_the_process() {
    use std::os::unix::process::ExitStatusExt as _;
    const CHILD: &str = "HOST_HARNESS_TEST_HANGS";
    if std::env::var_os(CHILD).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let harness = test_support::misbehaving()
            .watchdog(Duration::from_millis(400))
            .build()
            .unwrap();
        let request = http::Request::post("/misbehave/collect").body(Hanging);
        runtime.block_on(harness.handle(request.unwrap()));
        return;
    }
    let name = "attacks::a_thread_that_hangs_ends_the_process";
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr);
    assert_eq!(child.status.signal(), Some(6), "{said}");
    assert!(said.contains("aborting the process"), "{said}");
}
