//! `functions new`: each template is made, tested, built and served.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use test_support::client::Client;

use crate::process::{Serving, functions, run};

/// The repository, whose SDK new crates use.
const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What cargo needs of the environment.
const KEPT: [&str; 6] = [
    "CARGO_HOME",
    "HOME",
    "PATH",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "TMPDIR",
];

/// Makes a crate.
fn new(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = functions(&["new", "--sdk-path", REPOSITORY]);
    command
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Runs cargo on a new crate, with the versions that this repository has, which are there already.
fn cargo(folder: &Path, arguments: &[&str]) {
    let lock = Path::new(REPOSITORY).join("Cargo.lock");
    if !folder.join("Cargo.lock").exists() {
        fs::copy(lock, folder.join("Cargo.lock")).unwrap();
    }
    let mut cargo = Command::new(env!("CARGO"));
    // Without the variables of the cargo that runs this test.
    let kept = |name: &str| std::env::var_os(name).map(|value| (name.to_owned(), value));
    let kept = KEPT.into_iter().filter_map(kept);
    let cargo = cargo
        .env_clear()
        .envs(kept)
        .args(arguments)
        .args(["--offline", "--quiet"])
        .env("CARGO_TARGET_DIR", target())
        .current_dir(folder);
    let output = cargo.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
}

/// What is built stays for the next test.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("templates")
}

/// Makes a crate from a template, runs its tests, builds and serves it, and returns what it answers.
async fn try_template(template: &str, path: &str, body: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("try-{template}");
    let made = new(folder.path(), &[&name, "--template", template]);
    assert!(made.status.success(), "{made:?}");
    let folder = folder.path().join(&name);
    cargo(&folder, &["test", "--workspace"]);
    let mut command = functions(&["serve", "--listen", "0", "--max-concurrency", "8"]);
    command
        .current_dir(&folder)
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", target());
    let serving = Serving::start(command);
    let client = Client::new(serving.address);
    let path = format!("/{name}{path}");
    let answer = match body {
        "" => client.get(&path).await,
        body => client.post(&path, body.to_owned()).await,
    };
    if template == "calls" {
        let greeter = client.get(&format!("/{name}-greeter")).await;
        assert_eq!(greeter.status, 404);
    }
    answer.text().to_owned()
}

/// One after the other: cargo would make them wait for each other anyway.
#[tokio::test]
async fn templates_work() {
    let greeting = r#"{"message":"Hello, Ada!"}"#;
    for (template, path, body, expected) in [
        ("http", "", r#"{"name":"Ada"}"#, greeting),
        (
            "json",
            "",
            r#"{"numbers":[1,2,6]}"#,
            r#"{"count":3,"mean":3.0,"max":6.0}"#,
        ),
        ("router", "/users/1", "", r#"{"name":"Grace"}"#),
        ("axum", "/todos/0", "", r#"{"text":"read the examples"}"#),
        ("stream", "/?rows=2", "", "number,square\n1,1\n2,4\n"),
        ("calls", "", r#"["Ada"]"#, r#"["Hello, Ada!"]"#),
    ] {
        let answer = try_template(template, path, body).await;
        assert_eq!(answer, expected, "{template}");
    }
    let refused = try_template("proxy", "", "").await;
    assert!(refused.contains("the query has no `url`"), "{refused}");
}

/// In a pipe, the list has one template a line, its name first, and no heading.
#[test]
fn list_is_for_programs_too() {
    let output = run(&["new", "--list"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<_> = text
        .lines()
        .map(|line| line.split('\t').next().unwrap())
        .collect();
    assert_eq!(
        names,
        ["http", "json", "router", "axum", "stream", "proxy", "calls"]
    );
}

/// In a workspace, the crate becomes a member and takes its profile, or says what the profile lacks.
#[test]
fn workspaces_get_a_member() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("Cargo.toml");
    fs::write(&root, "[workspace]\nresolver = \"3\"\nmembers = []\n").unwrap();
    let made = new(folder.path(), &["one"]);
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(
        said.contains("Add to ") && said.contains("lto = true"),
        "{said}"
    );
    // Functions are built with the profile `guest` where there is one.
    let profile = "\n[profile.guest]\ninherits = \"release\"\nlto = true\nopt-level = \"s\"\ncodegen-units = 1\n";
    let members = fs::read_to_string(&root).unwrap();
    assert!(members.contains("members = [\"one\"]"), "{members}");
    fs::write(&root, members + profile).unwrap();
    let made = new(folder.path(), &["two", "--template", "calls"]);
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(!said.contains("Add to "), "{said}");
    let members = fs::read_to_string(&root).unwrap();
    assert!(
        members.contains("\"two\"") && members.contains("\"two/greeter\""),
        "{members}"
    );
    let member = fs::read_to_string(folder.path().join("two/Cargo.toml")).unwrap();
    assert!(
        !member.contains("[profile") && !member.contains("[workspace]"),
        "{member}"
    );
}

/// The commands that follow work for folders with spaces, and a folder may end in a slash.
#[test]
fn folders_may_have_spaces() {
    let folder = tempfile::tempdir().unwrap();
    let made = new(folder.path(), &["two words/hello/."]);
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(said.contains("  cd 'two words/hello'\n"), "{said}");
    assert!(folder.path().join("two words/hello/src/lib.rs").is_file());
}

/// What cannot be made is refused, and says why.
#[test]
fn impossible_crates_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("taken")).unwrap();
    for (arguments, code, reason) in [
        (&["9x"][..], 2, "the name cannot start with a digit"),
        (&["fn"], 2, "it is a Rust keyword"),
        (&["a b"], 2, "invalid function name \"a b\""),
        (&["."], 2, "no name for the crate"),
        (&["taken"], 1, "already exists"),
        (
            &["x", "--template", "none"],
            2,
            "possible values: http, json",
        ),
        (&["x", "--sdk-path", "/"], 2, "--sdk-path names the folder"),
        (&[], 2, "<NAME>"),
    ] {
        let mut command = functions(&["new"]);
        let output = command
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(reason), "{said}");
    }
}
