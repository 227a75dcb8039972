//! The log of the `functions` command with a full, closed or slow standard error. Only the log loses records,
//! and it counts them.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::Command;

use http::{Method, StatusCode};

use crate::process::{Serving, functions};
use test_support::client::{Client, whole};

/// More than a pipe and the queue hold, with lines of a thousand bytes.
const MANY_LINES: usize = 12_000;

fn serve(options: &[&str]) -> Command {
    let mut command = functions(&["serve", "--listen", "127.0.0.1:0"]);
    command.args([
        test_guests::MISBEHAVE,
        test_guests::CALLER,
        test_guests::CALLS_OUT,
    ]);
    command.args(["--max-log-records", "1000000", "--max-log-bytes", "100MiB"]);
    // Unoptimized, and beside other tests, printing takes time.
    command.args(["--cpu-time", "10m", "--timeout", "10m"]);
    command.args(options);
    command
}

/// Sends requests that make the host and functions log, which are answered as if the log were read.
async fn log_everything(client: &Client) {
    for (path, status) in [
        ("/misbehave/panic", 500),
        ("/misbehave/exit", 500),
        ("/misbehave/streamed", 500),
        ("/misbehave/print", 200),
        ("/misbehave/log", 200),
        ("/misbehave/stream-then/harmless", 200),
        ("/caller/call/none", 502),
        ("/caller/call/misbehave/panic", 502),
        ("/calls_out/get?url=http://127.0.0.1:9/", 403),
        ("/misbehave/harmless", 200),
    ] {
        let request = client.request(Method::GET, path).body(whole("")).unwrap();
        let answer = client.begin(request).await;
        let answer = answer.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(answer.status().as_u16(), status, "{path}");
    }
}

/// A blocked pipe stops neither functions that print nor others, nor the end.
#[tokio::test]
async fn unread_stderr_blocks_nothing() {
    let mut serving = Serving::start(serve(&[]));
    let client = Client::new(serving.address);
    let printing: Vec<_> = (0..4)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.get("/misbehave/print-lines?200").await })
        })
        .collect();
    for printed in printing {
        assert_eq!(printed.await.unwrap().status, StatusCode::OK);
    }
    log_everything(&client).await;
    serving.signal("TERM");
    assert_eq!(serving.wait().code(), Some(0));
}

/// A closed standard error, or a full disk, affects only the log.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn failing_stderr_fails_nothing_else() {
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let full = File::options().write(true).open("/dev/full").unwrap();
    for stderr in [OwnedFd::from(closed), OwnedFd::from(full)] {
        for format in ["text", "json"] {
            let stderr = stderr.try_clone().unwrap();
            let mut command = serve(&["--log-format", format]);
            command.env("RUST_LOG", "debug");
            let mut serving = Serving::start_with(command, stderr);
            log_everything(&Client::new(serving.address)).await;
            serving.signal("TERM");
            assert_eq!(serving.wait().code(), Some(0));
        }
    }
}

/// Dropped lines are counted: lines and counts add up, and every line is complete, in both formats.
#[tokio::test]
async fn lost_records_are_counted() {
    for format in ["text", "json"] {
        let mut serving = Serving::start(serve(&["--log-format", format]));
        let client = Client::new(serving.address);
        let path = format!("/misbehave/print-lines?{MANY_LINES}");
        assert_eq!(client.get(&path).await.text(), "printed");
        let mut stderr = serving.stderr();
        let reading = std::thread::spawn(move || {
            let mut said = String::new();
            stderr.read_to_string(&mut said).unwrap();
            said
        });
        // The queue is empty at the end, or soon after.
        serving.signal("TERM");
        assert_eq!(serving.wait().code(), Some(0));
        let said = reading.join().unwrap();
        let (mut kept, mut lost) = (0, 0);
        for line in said.lines() {
            if line.contains(&"x".repeat(999)) {
                kept += 1;
            } else if line.contains("records dropped") {
                lost += if format == "json" {
                    let line: serde_json::Value = serde_json::from_str(line).unwrap();
                    assert_eq!(line["level"], "WARN");
                    line["dropped"].as_u64().unwrap()
                } else {
                    let (before, _) = line.split_once(" records dropped").unwrap();
                    before.rsplit(' ').next().unwrap().parse().unwrap()
                };
            }
            if format == "json" {
                serde_json::from_str::<serde_json::Value>(line).unwrap();
            }
        }
        assert!(lost > 0, "{} lines", said.lines().count());
        assert_eq!(kept + lost, MANY_LINES as u64);
    }
}

/// An invocation that logs beyond its limits is cut, and the rest is counted, in both formats.
#[tokio::test]
async fn invocation_beyond_its_limits_is_told() {
    for (limit, value) in [("--max-log-records", "3"), ("--max-log-bytes", "3000")] {
        for format in ["text", "json"] {
            let mut command =
                functions(&["serve", "--listen", "127.0.0.1:0", test_guests::MISBEHAVE]);
            command.args([limit, value, "--log-format", format]);
            let serving = Serving::start(command);
            let client = Client::new(serving.address);
            for lines in [3, 5] {
                let path = format!("/misbehave/print-lines?{lines}");
                assert_eq!(client.get(&path).await.text(), "printed");
            }
            serving.signal("TERM");
            let (_, said) = serving.end();
            let printed = said.lines().filter(|line| line.contains("xxx")).count();
            assert_eq!(printed, 6, "{said}");
            let told: Vec<_> = said
                .lines()
                .filter(|line| line.contains("2 records dropped"))
                .collect();
            assert_eq!(told.len(), 1, "{said}");
            assert!(
                told[0].contains("misbehave") && told[0].contains(limit),
                "{said}"
            );
            if format == "json" {
                let told: serde_json::Value = serde_json::from_str(told[0]).unwrap();
                assert_eq!(
                    (&told["dropped"], &told["dropped_bytes"]),
                    (&2.into(), &1998.into())
                );
                assert_eq!(told["level"], "warn");
            }
        }
    }
}

/// The host's own records and those of functions have the id that a trusted proxy gave the request.
#[tokio::test]
async fn request_ids_are_logged() {
    for (options, logged) in [
        (&["--trusted-proxy", "10.0.0.1,127.0.0.1"][..], true),
        (&[], false),
    ] {
        let serving = Serving::start(serve(options));
        let client = Client::new(serving.address);
        let request = client
            .request(Method::GET, "/misbehave/panic")
            .header("x-request-id", "abc-1");
        let answer = client.send(request.body(whole("")).unwrap()).await;
        assert_eq!(answer.status, 500);
        serving.signal("TERM");
        let log = serving.end().1;
        assert_eq!(log.contains(" request=\"abc-1\""), logged, "{log}");
        assert_eq!(log.contains(" request=abc-1 stderr] "), logged, "{log}");
    }
}
