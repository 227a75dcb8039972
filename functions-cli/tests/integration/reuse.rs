//! Options of the `functions` command about reuse, and its output about it.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::process::{Serving, functions, run};
use test_support::client::Client;

/// Two functions, one of which is reusable.
const SERVE: [&str; 5] = [
    "serve",
    "--listen",
    "127.0.0.1:0",
    test_guests::PING,
    test_guests::PROXY,
];

/// The lines about the functions at the start, without the line of the address.
fn announced(options: &[&str]) -> Vec<String> {
    let mut child = functions(&SERVE)
        .args(options)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let count = if options.contains(&"-v") { 4 } else { 2 };
    let lines = lines.skip(1).take(count).map(Result::unwrap).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    lines
}

/// With `-v`, a line below each function says whether its instances are reused, or why not.
#[test]
fn verbose_tells_whether_instances_are_reused() {
    let lines = announced(&["-v"]);
    assert!(lines[0].contains("/ping "), "{lines:?}");
    assert_eq!(lines[1].trim(), "instances are reset and reused");
    assert!(lines[2].contains("/proxy "), "{lines:?}");
    assert!(
        lines[3].contains("a new instance for each request: "),
        "{lines:?}"
    );
    let reasons: Vec<_> = announced(&["-v", "--reuse", "never"])
        .into_iter()
        .skip(1)
        .step_by(2)
        .collect();
    let never = "    a new instance for each request: its reuse is set to never";
    assert_eq!(reasons, [never, never]);
    let silent = announced(&[]);
    assert!(
        silent.iter().all(|line| line.contains("http://")),
        "{silent:?}"
    );
}

/// The log has the same information.
#[tokio::test]
async fn log_tells_whether_instances_are_reused() {
    for (reuse, says) in [("auto", "reset and reused"), ("never", "is set to never")] {
        let mut command = functions(&SERVE);
        command
            .env("RUST_LOG", "host_harness=info")
            .env("FUNCTIONS_REUSE", reuse);
        let serving = Serving::start(command);
        serving.signal("TERM");
        let (_, said) = serving.end();
        let said = said.lines().find(|line| line.contains("ping")).unwrap();
        assert!(said.contains(says), "{said}");
    }
}

/// Answers do not depend on reuse and its verification.
#[tokio::test]
async fn requests_are_answered_with_every_setting() {
    for options in [
        ["--reuse=auto", "--verify-reuse=1/1"],
        ["--reuse=auto", "--verify-reuse=1/3"],
        ["--reuse=auto", "--verify-reuse=0"],
        ["--reuse=never", "--verify-reuse=1/1"],
    ] {
        let mut command = functions(&["serve", "--listen=0", test_guests::COUNTER]);
        command.args(options);
        let serving = Serving::start(command);
        let client = Client::new(serving.address);
        for _ in 0..10 {
            assert_eq!(client.get("/counter").await.text(), "1", "{options:?}");
        }
        serving.signal("TERM");
        let (status, said) = serving.end();
        assert_eq!(status.code(), Some(0), "{options:?}: {said}");
    }
}

/// The error of an invalid value says what is expected.
#[test]
fn other_settings_are_refused_with_what_to_give() {
    for (option, says) in [
        ("--reuse=sometimes", "expected auto or never"),
        ("--verify-reuse=2/3", "such as 1/1000"),
        ("--verify-reuse=1/0", "such as 1/1000"),
        ("--verify-reuse=always", "such as 1/1000"),
    ] {
        let output = run(&["serve", test_guests::PING, option]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(says), "{text}");
    }
}
