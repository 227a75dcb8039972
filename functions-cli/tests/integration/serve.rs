//! The `functions` command as a process: its output, its end, its memory.

use std::process::Command;

use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt as _;

use crate::process::{Serving, functions, run};
use test_support::client::{Client, pieces, whole};
use test_support::soon;

fn serve(functions_and_options: &[&str]) -> Serving {
    let mut command = functions(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--max-concurrency",
        "64",
    ]);
    command.args(functions_and_options);
    Serving::start(command)
}

fn named(name: &str, file: &str) -> String {
    format!("{name}={file}")
}

/// Functions are served under the given names and the files' names, and the command stops with 0.
#[tokio::test]
async fn serves_and_stops() {
    for signal in ["TERM", "INT"] {
        let serving = serve(&[&named("p", test_guests::PING), test_guests::COUNTER]);
        let client = Client::new(serving.address);
        assert_eq!(client.get("/p").await.text(), "pong");
        assert_eq!(client.get("/counter").await.text(), "1");
        serving.signal(signal);
        let (status, said) = serving.end();
        assert_eq!(status.code(), Some(0), "{said}");
    }
}

/// A request that runs at the signal is completed, and no other is accepted.
#[tokio::test]
async fn drains() {
    let serving = serve(&[test_guests::ECHO]);
    let client = Client::new(serving.address);
    let (sender, body) = pieces();
    sender.send(Bytes::from_static(b"before")).await.unwrap();
    let request = client.request(Method::POST, "/echo").body(body).unwrap();
    let answer = client.begin(request).await.unwrap();
    serving.signal("TERM");
    soon(async {
        while tokio::net::TcpStream::connect(serving.address)
            .await
            .is_ok()
        {}
    })
    .await;
    sender.send(Bytes::from_static(b" after")).await.unwrap();
    drop(sender);
    assert_eq!(
        soon(answer.into_body().collect()).await.unwrap().to_bytes(),
        "before after"
    );
    assert_eq!(serving.end().0.code(), Some(0));
}

/// A second signal does not wait for running requests.
#[tokio::test]
async fn second_signal_stops_at_once() {
    let mut serving = serve(&[test_guests::ECHO]);
    let client = Client::new(serving.address);
    let (sender, body) = pieces();
    sender.send(Bytes::from_static(b"piece")).await.unwrap();
    let request = client.request(Method::POST, "/echo").body(body).unwrap();
    let _answer = client.begin(request).await.unwrap();
    serving.signal("INT");
    soon(async {
        while tokio::net::TcpStream::connect(serving.address)
            .await
            .is_ok()
        {}
    })
    .await;
    assert!(serving.is_running());
    serving.signal("INT");
    let (status, said) = serving.end();
    assert_eq!(status.code(), Some(3), "{said}");
    assert!(said.contains("cut off"), "{said}");
}

/// A failed stream is logged once, with its function and its invocation.
#[tokio::test]
async fn cut_streams_are_logged() {
    let serving = serve(&[test_guests::MISBEHAVE, "--cpu-time", "50ms"]);
    let client = Client::new(serving.address);
    for path in ["panic", "loop", "streamed", "harmless"] {
        let path = format!("/misbehave/stream-then/{path}");
        let request = client.request(Method::GET, &path).body(whole("")).unwrap();
        let answer = client.begin(request).await.unwrap();
        assert!(soon(answer.into_body().collect()).await.is_err());
    }
    serving.signal("TERM");
    let (_, said) = serving.end();
    for cause in [
        "the function stopped",
        "longer than its CPU time limit",
        "did not finish it",
        "after it started to stream",
    ] {
        assert_eq!(said.matches(cause).count(), 1, "{cause} in {said}");
    }
    assert_eq!(said.matches("invocation").count(), 4, "{said}");
}

/// A stack overflow is named as such in the log.
#[tokio::test]
async fn stack_overflow_is_named() {
    let serving = serve(&[test_guests::MISBEHAVE]);
    let client = Client::new(serving.address);
    assert_eq!(client.get("/misbehave/recurse").await.status, 500);
    assert_eq!(client.get("/misbehave/panic").await.status, 500);
    serving.signal("TERM");
    let (_, said) = serving.end();
    assert_eq!(said.matches("stack overflow").count(), 1, "{said}");
}

/// Printed lines and log records go to standard error, as text or JSON, from the requested level on.
#[tokio::test]
async fn writes_records() {
    for (options, level) in [
        (&[][..], "Some(Level::Info)"),
        (&["--log-level", "off"], "None"),
        (
            &["--log-level", "debug", "--log-format", "json"],
            "Some(Level::Debug)",
        ),
    ] {
        let serving = serve(&[&[test_guests::MISBEHAVE], options].concat());
        let client = Client::new(serving.address);
        assert_eq!(client.get("/misbehave/log").await.text(), level);
        client.get("/misbehave/print-forged").await;
        client.get("/misbehave/exit").await;
        serving.signal("TERM");
        let (_, said) = serving.end();
        let lines: Vec<_> = said
            .lines()
            .filter(|line| line.starts_with("[misb"))
            .collect();
        if options.contains(&"json") {
            let is_host = |record: &serde_json::Value| {
                let target = record["target"].as_str();
                target.is_some_and(|target| target.starts_with("host_harness"))
            };
            let (host, records): (Vec<_>, Vec<_>) = said
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .partition(is_host);
            // The host's lines: the function stopped, and the host stops.
            assert_eq!(host.len(), 2, "{said}");
            assert_eq!(host[0]["function"], "misbehave");
            assert!(host[1]["message"].as_str().unwrap().starts_with("stopping"));
            let first = &records[0];
            assert_eq!(records.len(), 4 + 2);
            assert_eq!(first["function"], "misbehave");
            assert_eq!(first["level"], "debug");
            assert_eq!(first["message"], "Level::Debug");
            assert_eq!(first["fields"]["key"], "two words");
            assert_eq!(first["invocation"].as_str().unwrap().len(), 32);
            assert!(first["timestamp"].as_str().unwrap().ends_with('Z'));
        } else {
            assert_eq!(
                lines.len(),
                if level == "None" { 1 } else { 3 + 2 },
                "{said}"
            );
        }
    }
}

/// Without address space for the pool the command says so once, and still serves.
#[tokio::test]
async fn serves_in_a_small_address_space() {
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "ulimit -v 4000000; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_functions"),
        ])
        .args(["serve", "--listen", "127.0.0.1:0", test_guests::COUNTER]);
    let serving = Serving::start(command);
    let client = Client::new(serving.address);
    for _ in 0..3 {
        assert_eq!(client.get("/counter").await.text(), "1");
    }
    serving.signal("TERM");
    let (status, said) = serving.end();
    assert_eq!(status.code(), Some(0), "{said}");
    // One line for each fallback: to wasmtime's pool, and to no pool.
    assert_eq!(
        said.matches("own memory pool is not available").count(),
        1,
        "{said}"
    );
    assert_eq!(
        said.matches("creating each from scratch").count(),
        1,
        "{said}"
    );
}

/// An upload that the function does not read, or returns directly, is not kept in memory.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn large_bodies_are_not_held() {
    const PIECE: usize = 1024 * 1024;
    const PIECES: usize = 256;

    let serving = serve(&[test_guests::PING, test_guests::ECHO]);
    let client = Client::new(serving.address);
    assert_eq!(client.get("/ping").await.text(), "pong");
    let before = peak_kib(serving.id());
    for (path, back) in [("/ping", 4), ("/echo", PIECE * PIECES)] {
        let (sender, body) = pieces();
        let request = client.request(Method::POST, path).body(body).unwrap();
        let upload = tokio::spawn(async move {
            let piece = Bytes::from(vec![1; PIECE]);
            for _ in 0..PIECES {
                if sender.send(piece.clone()).await.is_err() {
                    break;
                }
            }
        });
        let mut answer = client.begin(request).await.unwrap().into_body();
        let mut length = 0;
        while let Some(frame) = soon(answer.frame()).await {
            length += frame.unwrap().into_data().unwrap().len();
        }
        assert_eq!(length, back);
        soon(upload).await.unwrap();
    }
    let grown = peak_kib(serving.id()) - before;
    assert!(grown < 32 * 1024, "grew by {grown} KiB");
}

/// The peak resident memory of a process.
#[cfg(target_os = "linux")]
fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A port in use is an error that says how to find another.
#[test]
fn taken_ports_are_told() {
    let serving = serve(&[test_guests::PING]);
    let output = run(&[
        "serve",
        test_guests::PING,
        "--listen",
        &serving.address.to_string(),
    ]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains(&serving.address.to_string()) && text.contains("127.0.0.1:0"),
        "{text}"
    );
}

/// Invalid arguments are refused with exit code 2 and the expected form.
#[test]
fn bad_arguments_are_refused() {
    // No package that could be served.
    let folder = tempfile::tempdir().unwrap();
    for (arguments, says) in [
        (&["serve"][..], "NAME=FILE"),
        (&["serve", "a b=x.wasm"], "letters"),
        (&["serve", "a="], "NAME=FILE"),
        (&["serve", "x.wasm", "--memory", "lots"], "64MiB"),
        (&["serve", "x.wasm", "--timeout", "soon"], "--timeout"),
        (
            &["serve", "x.wasm", "--max-concurrency", "0"],
            "--max-concurrency",
        ),
        (&["serve", "x.wasm", "--listen", "here"], "here:8080"),
        (&["serve", "x.wasm", "--listen", ":8080"], "127.0.0.1:8080"),
        (&["serve", "x.wasm", "--env", "=x"], "NAME=VALUE"),
        (&["serve", "x.wasm", "--log-level", "loud"], "trace"),
        (&["serve", "x.wasm", "--log-format", "xml"], "json"),
    ] {
        let mut command = functions(arguments);
        let output = command.current_dir(folder.path()).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(says), "{says} in {text}");
    }
    assert!(
        String::from_utf8(run(&["serve", "--help"]).stdout)
            .unwrap()
            .contains("Example")
    );
}
