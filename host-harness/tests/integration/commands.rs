//! Commands: run once for each POST, with arguments and files of their own, within all limits.

use std::time::Duration;

use bytes::Bytes;
use host_harness::{Builder, CommandBundle, FunctionSettings, Harness};
use test_guests::COMMAND;
use test_support::client::{Answer, Client};

const MIB: usize = 1 << 20;

fn builder() -> Builder {
    Harness::builder()
        .memory(64 * MIB)
        .cpu_time(Duration::from_secs(20))
        .timeout(Duration::from_secs(60))
}

/// A host with a command, which has files or none.
async fn serve(builder: Builder, component: Vec<u8>) -> (host_harness::Server, Client) {
    let harness = builder.build().unwrap();
    let mut settings = FunctionSettings::default();
    settings.variables = vec![("SETTING".into(), "set".into())];
    harness
        .deploy("command", Bytes::from(component), settings)
        .await
        .unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    (server, client)
}

fn alone() -> Vec<u8> {
    std::fs::read(COMMAND).unwrap()
}

fn with_files() -> Vec<u8> {
    let mut bundle = CommandBundle::new(["x.wasm", "/main.py"]);
    bundle.file("lib/data.txt", b"some data").unwrap();
    bundle.component("x.wasm").unwrap();
    bundle.write(&alone()).unwrap()
}

async fn run(client: &Client, action: &str) -> Answer {
    client
        .post("/command", format!("{{\"do\":\"{action}\"}}"))
        .await
}

#[track_caller]
fn assert_failed(answer: &Answer, status: u16, reason: &str) {
    let found = (answer.status.as_u16(), answer.problem("reason"));
    assert_eq!(found, (status, reason.to_owned()));
}

/// A command gets its arguments, variables and files, and its output is the response.
#[tokio::test]
async fn commands_see_what_is_theirs() {
    let (_server, client) = serve(builder(), with_files()).await;
    let answer = run(&client, "show").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let expected = [
        r#"arguments ["x.wasm", "/main.py", "{\"do\":\"show\"}"]"#,
        r#"setting Some("set")"#,
        r#"params Some("{\"do\":\"show\"}")"#,
        r#"files ["lib/", "tmp/", "x.wasm"]"#,
        r#"data Some("some data")"#,
        r#"input """#,
    ];
    assert_eq!(answer.text(), expected.join("\n"));
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let without_params = client.post("/command", "").await;
    assert!(
        without_params
            .text()
            .starts_with(r#"arguments ["x.wasm", "/main.py"]"#)
    );
    let (_server, client) = serve(builder(), alone()).await;
    let answer = run(&client, "show").await;
    assert!(answer.text().contains(r#"files ["tmp/"]"#));
    assert!(answer.text().contains(r#"["command.wasm", "/", "{"#));
}

/// The same from a file, which is read when the command asks.
#[tokio::test]
async fn files_are_read_from_the_disk() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("command.wasm");
    std::fs::write(&file, with_files()).unwrap();
    let harness = builder().function("command", &file).build().unwrap();
    // Also where it was replaced since.
    std::fs::remove_file(&file).unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    let answer = run(&client, "show").await;
    assert!(answer.text().contains(r#"data Some("some data")"#));
}

/// `/tmp` is a folder as on any system, and of one invocation only. All else cannot be changed.
#[tokio::test]
async fn files_are_of_one_invocation() {
    let (_server, client) = serve(builder(), with_files()).await;
    for _ in 0..2 {
        let answer = run(&client, "files").await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "done"));
    }
    let answer = run(&client, "read-only").await;
    assert_eq!(answer.text().matches("Some(ReadOnlyFilesystem)").count(), 5);
    let answer = run(&client, "outside").await;
    assert!(!answer.text().contains("Ok"), "{}", answer.text());
}

/// Other functions call a command as they call each other.
#[tokio::test]
async fn commands_are_called_by_functions() {
    let harness = builder()
        .concurrency(16, 16)
        .function("caller", test_guests::CALLER)
        .function("command", COMMAND)
        .build()
        .unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    for how in ["call", "send"] {
        let path = format!("/caller/{how}/command");
        let answer = client.post(&path, r#"{"do":"json"}"#).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text()),
            (200, "{\"a\": [1]}"),
            "{how}"
        );
        let failed = client.post(&path, r#"{"do":"exit"}"#).await;
        assert_ne!(failed.status, 200, "{how}");
    }
}

/// What a command leaves is the response: a file, or what it printed without one line end.
#[tokio::test]
async fn results_have_their_type() {
    let (_server, client) = serve(builder(), alone()).await;
    for (action, body, media) in [
        (
            "result",
            &b"from the file\n"[..],
            "text/plain; charset=utf-8",
        ),
        ("lines", b"one\n", "text/plain; charset=utf-8"),
        ("json", b"{\"a\": [1]}", "application/json"),
        ("binary", &[0xff, 0xfe], "application/octet-stream"),
        ("both", b"to stdout", "text/plain; charset=utf-8"),
        ("exit-well", b"well", "text/plain; charset=utf-8"),
        (
            "socket",
            b"Err(PermissionDenied)",
            "text/plain; charset=utf-8",
        ),
    ] {
        let answer = run(&client, action).await;
        assert_eq!(answer.status, 200, "{action}: {answer:?}");
        assert_eq!(
            (&*answer.body, answer.header("content-type")),
            (body, Some(media))
        );
    }
}

/// A command that does not succeed is a failure, with the reason and nothing of its own.
#[tokio::test]
async fn failures_are_told() {
    let (_server, client) = serve(builder(), alone()).await;
    for action in ["exit", "panic", "unknown"] {
        let answer = run(&client, action).await;
        assert_failed(&answer, 500, "trap");
        assert!(answer.problem("detail").contains("exit code"), "{answer:?}");
    }
    let other = client.get("/command").await;
    assert_eq!(
        (other.status.as_u16(), other.header("allow")),
        (405, Some("POST"))
    );
    let binary = client.post("/command", vec![0xff]).await;
    assert_eq!(binary.status, 400);
    let long = client.post("/command", vec![b' '; (8 << 20) + 1]).await;
    assert_eq!(long.status, 413);
}

/// A command that takes all it can get ends at its limits, and the host goes on.
#[tokio::test]
async fn hostile_commands_are_bounded() {
    let builder = builder().cpu_time(Duration::from_secs(3));
    let (_server, client) = serve(builder, alone()).await;
    assert_failed(&run(&client, "loop").await, 504, "cpu-limit");
    assert_failed(&run(&client, "memory").await, 500, "memory-limit");
    let output = run(&client, "output").await;
    assert_failed(&output, 500, "trap");
    assert!(output.problem("detail").contains("longer than its limit"));
    let file = run(&client, "file").await;
    assert_eq!(file.text(), "63 MiB, then full");
    let names = run(&client, "names").await;
    assert!(["many: true, then full"].contains(&names.text()) || names.status == 504);
    let handles = run(&client, "handles").await;
    assert_eq!(handles.status, 200, "{handles:?}");
    assert!(handles.text().ends_with(" open"), "{handles:?}");
    assert_eq!(run(&client, "lines").await.text(), "one\n");
}

/// The files of all commands together take no more than the host has for bodies.
#[tokio::test]
async fn files_count_for_the_host() {
    let (_server, client) = serve(builder().body_memory(10 * MIB), alone()).await;
    let file = run(&client, "file").await;
    assert_eq!(file.text(), "9 MiB, then full");
    let again = run(&client, "file").await;
    assert_eq!(again.text(), "9 MiB, then full");
}

/// Files that are not those of a command, and a `run` of another type, are refused when they are deployed.
#[tokio::test]
async fn forged_commands_are_refused() {
    let harness = builder().build().unwrap();
    let mut forged = with_files();
    let index = forged
        .windows(11)
        .position(|part| part == b"{\"arguments")
        .unwrap();
    forged[index] = b'[';
    let other_type = r#"(component
        (core module $m (func (export "f")))
        (core instance $m (instantiate $m))
        (func $f (canon lift (core func $m "f")))
        (instance $run (export "run" (func $f)))
        (export "wasi:cli/run@0.2.0" (instance $run)))"#;
    for (component, says) in [
        (forged, "not those of a command"),
        (wat::parse_str(other_type).unwrap(), "type of WASI"),
    ] {
        let settings = FunctionSettings::default();
        let deployed = harness.deploy("f", Bytes::from(component), settings).await;
        let error = deployed.unwrap_err();
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        assert!(
            error.is_invalid_component() && text.contains(says),
            "{text}"
        );
    }
}
