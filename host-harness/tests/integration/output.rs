//! What functions print reaches the host, line by line, with who printed it.

use std::sync::{Arc, Mutex};

use host_harness::{Harness, OutputLine, OutputStream};

async fn printed_by(path: &str) -> (http::StatusCode, Vec<OutputLine>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let harness = Harness::builder()
        .function("misbehave", test_guests::MISBEHAVE)
        .concurrency(4, 4)
        .output({
            let lines = Arc::clone(&lines);
            move |line| lines.lock().unwrap().push(line)
        })
        .build()
        .unwrap();
    let request = http::Request::get(format!("/misbehave{path}"))
        .body(String::new())
        .unwrap();
    let status = harness.handle(request).await.status();
    let lines = lines.lock().unwrap().clone();
    (status, lines)
}

/// Lines come whole and in order, from both streams, of one invocation.
#[tokio::test]
async fn lines_are_kept() {
    let (status, lines) = printed_by("/print").await;
    assert_eq!(status, 200);
    let text_of = |stream| -> Vec<&str> {
        lines
            .iter()
            .filter(|line| line.stream == stream)
            .map(|line| line.text.as_str())
            .collect()
    };
    assert_eq!(
        text_of(OutputStream::Stdout),
        ["to stdout", "without an end"]
    );
    assert_eq!(text_of(OutputStream::Stderr), ["to stderr", "again"]);
    assert!(lines.iter().all(|line| &*line.function == "misbehave"));
    assert!(
        lines
            .iter()
            .all(|line| line.invocation == lines[0].invocation)
    );
    let shown = lines[0].to_string();
    assert!(
        shown.starts_with(&format!("[misbehave {} std", lines[0].invocation)),
        "{shown}"
    );
}

/// A panic says what and where, in the log only.
#[tokio::test]
async fn panics_are_logged() {
    let (status, lines) = printed_by("/panic").await;
    assert_eq!(status, 500);
    let text: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    let text = text.join("\n");
    assert!(
        text.contains("src/lib.rs") && text.contains("on purpose"),
        "{text}"
    );
}
