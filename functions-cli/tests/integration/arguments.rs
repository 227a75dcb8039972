//! What the arguments of `serve` do, and which are refused.

use std::fs;

use tempfile::TempDir;
use test_support::client::Client;
use test_support::tls::{Authority, about, before};

use crate::process::{Serving, functions, run};

/// An invalid network of proxies is refused with the expected form.
#[test]
fn invalid_proxies_are_refused() {
    let output = run(&["serve", test_guests::PING, "--trusted-proxy", "10.0.0.0/99"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    let expected = "error: invalid network in --trusted-proxy \"10.0.0.0/99\": expected ADDRESS or";
    assert!(text.starts_with(expected), "{text}");
}

/// The previous secrets key alone is refused, with the option that is missing.
#[test]
fn previous_secrets_key_needs_the_new_one() {
    let output = run(&[
        "serve",
        test_guests::PING,
        "--previous-secrets-key-file",
        "k",
    ]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("--secrets-key-file <FILE>"), "{text}");
}

/// An invalid option is refused before the host serves, with the corrected form.
#[test]
fn invalid_hosts_are_refused() {
    let output = run(&[
        "serve",
        test_guests::PING,
        "--allow-host",
        "https://api.example.com/v1",
    ]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("--allow-host api.example.com:443"), "{text}");
}

/// An invalid file is refused before the host serves.
#[test]
fn missing_files_of_authorities_are_refused() {
    let output = run(&["serve", test_guests::PING, "--ca-file", "no-such-file.pem"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(
        said.contains("--ca-file no-such-file.pem: cannot read the file"),
        "{said}"
    );
}

/// Functions trust the authorities of several files.
#[tokio::test]
async fn several_files_of_authorities_are_trusted() {
    let authorities = [Authority::new(), Authority::new()];
    let certified = authorities[1].certify(about(&["localhost"]));
    let upstream = Serving::start(functions(&["serve", test_guests::PING, "--listen", "0"]));
    let server = certified.server(&[]);
    let port = before(upstream.address, server).await.port();
    let files = authorities
        .iter()
        .map(|authority| authority.file.path().to_str().unwrap());
    let files: Vec<_> = files.flat_map(|file| ["--ca-file", file]).collect();
    let mut command = functions(&["serve", test_guests::PROXY, "--listen", "127.0.0.1:0"]);
    command.args(files);
    command.args(["--allow-host", &format!("localhost:{port}")]);
    let serving = Serving::start(command);
    let client = Client::new(serving.address);
    let answer = client
        .get(&format!("/proxy?url=https://localhost:{port}/ping"))
        .await;
    assert_eq!(answer.text(), "pong");
}

/// The command serves private functions and public URLs, and logs a failure once, under the id of the failed
/// function.
#[tokio::test]
async fn private_functions_have_urls_and_ids() {
    let named = |name: &str, file: &str| format!("{name}={file}");
    let command = functions(&[
        "serve",
        &named("caller", test_guests::CALLER),
        &named("misbehave", test_guests::MISBEHAVE),
        "--private",
        "misbehave",
        "--public-url",
        "https://example.com",
        "--max-depth",
        "2",
        "--listen",
        "127.0.0.1:0",
    ]);
    let serving = Serving::start(command);
    let client = Client::new(serving.address);
    assert_eq!(client.get("/misbehave").await.status, 404);
    let url = client.get("/caller/url/caller").await;
    assert_eq!(url.text(), "Ok(Some(\"https://example.com/caller\"))");
    let failed = client.get("/caller/call/misbehave/panic").await;
    let failed = failed.text().to_owned();
    let id = failed.split("invocation ").nth(1).unwrap();
    let id = &id[..34];
    assert!(id.ends_with(".1"), "{failed}");
    let missing = client.get("/caller/call/nobody").await;
    assert_eq!(missing.text(), "Error::NotFound(\"nobody\")");
    drop(client);
    serving.signal("TERM");
    let (_, said) = serving.end();
    assert_eq!(said.matches("the function stopped").count(), 1, "{said}");
    assert_eq!(
        said.matches(&format!("invocation={id}")).count(),
        1,
        "{said}"
    );
    let unknown = said.lines().find(|line| line.contains("\"nobody\""));
    assert!(unknown.unwrap().contains("caller, misbehave"), "{said}");
}

/// An unknown private function, an invalid public URL and too deep calls are refused with what is valid.
#[test]
fn invalid_reach_is_refused() {
    let echo = format!("echo={}", test_guests::ECHO);
    for (arguments, says) in [
        (&["--private", "nope"][..], "known functions: echo"),
        (&["--public-url", "nope"], "https://HOST"),
        (&["--max-depth", "17"], "16"),
    ] {
        let output = run(&[&["serve", &echo], arguments].concat());
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(says), "{says} in {text}");
    }
}

/// The command exits with 2 and one line, without a panic.
#[test]
fn files_are_refused_with_one_line() {
    let folder = TempDir::new().unwrap();
    let empty = folder.path().join("empty.wasm");
    fs::write(&empty, wat::parse_str("(component)").unwrap()).unwrap();
    let missing = folder.path().join("none.wasm");
    for path in [empty, missing] {
        let output = run(&["serve", &format!("f={}", path.display())]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(
            text.starts_with("error: ") && text.contains(path.to_str().unwrap()),
            "{text}"
        );
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(output.stdout.is_empty());
    }
}
