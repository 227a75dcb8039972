//! `functions.toml`: what serves, develops and deploys takes functions and settings from it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use test_support::client::Client;

use crate::process::{Serving, functions};

/// A folder with a manifest, and a component in it.
fn project(manifest: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("functions.toml"), manifest).unwrap();
    for (name, component) in [
        ("ping.wasm", test_guests::PING),
        ("misbehave.wasm", test_guests::MISBEHAVE),
        ("echo.wasm", test_guests::ECHO),
    ] {
        fs::copy(component, folder.path().join(name)).unwrap();
    }
    folder
}

fn within(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = functions(arguments);
    command.current_dir(folder);
    command
}

fn fails(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output: Output = within(folder, arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

/// Without a data folder, `serve` has the functions and their settings from the file.
#[tokio::test]
async fn serve_takes_functions_with_settings() {
    let folder = project(
        "[functions.short]\npath = \"echo.wasm\"\nmax_body = \"4\"\n\
         [functions.hidden]\npath = \"ping.wasm\"\ningress = \"private\"\n\
         [functions.slow]\npath = \"misbehave.wasm\"\ntimeout = \"200ms\"\n",
    );
    let mut command = within(folder.path(), &["serve", "--listen", "0"]);
    command.args(["--max-concurrency", "8"]);
    let (serving, lines) = Serving::start_lines(command, 4);
    assert!(lines[1].ends_with("/short  echo.wasm"), "{lines:?}");
    assert!(lines[2].contains("hidden (private)"), "{lines:?}");
    let client = Client::new(serving.address);
    assert_eq!(client.post("/short", "four").await.text(), "four");
    assert_eq!(client.post("/short", "fiver").await.status, 413);
    assert_eq!(client.get("/hidden").await.status, 404);
    let answer = client.get("/slow/sleep").await;
    assert_eq!(answer.status, 504);
}

/// A host that can have no tokens refuses a function that needs one, and says what to do.
#[tokio::test]
async fn serve_refuses_functions_that_need_tokens() {
    let folder = project("[functions.guarded]\npath = \"ping.wasm\"\ningress = \"token\"\n");
    for options in [&[][..], &["--dispatch=0"]] {
        let named = ["serve", "--listen=0", "--manifest=functions.toml"];
        let (code, said) = fails(folder.path(), &[&named, options].concat());
        assert_eq!(code, 2, "{said}");
        for part in [
            "\"guarded\"",
            "--admin-listen 8081",
            "functions token create",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }
    let mut command = within(folder.path(), &["serve", "--listen=0", "--admin-listen=0"]);
    command.args(["--manifest=functions.toml", "--max-concurrency=8"]);
    let (serving, _) = Serving::start_lines(command, 2);
    let client = Client::new(serving.address);
    assert_eq!(client.get("/guarded").await.status, 401);
}

/// Another file can be named, and its functions are served beside those of the command line.
#[tokio::test]
async fn manifest_can_be_named() {
    let folder = project("[functions.one]\npath = \"ping.wasm\"\n");
    let manifest = folder.path().join("functions.toml");
    let manifest = manifest.to_str().unwrap();
    let two = format!("two={}", test_guests::PING);
    let arguments = ["serve", "--listen", "0", "--manifest", manifest, &two];
    let serving = Serving::start(functions(&arguments));
    let client = Client::new(serving.address);
    assert_eq!(client.get("/one").await.text(), "pong");
    assert_eq!(client.get("/two").await.text(), "pong");
}

/// `dev` takes its options from the file, and the command line comes before them.
#[tokio::test]
async fn dev_takes_options_from_the_file() {
    let folder = project(
        "[functions.one]\npath = \"ping.wasm\"\n\
         [dev]\nlisten = \"nowhere.invalid:1\"\nmax_concurrency = 8\n",
    );
    let (code, said) = fails(folder.path(), &["dev"]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("cannot listen on nowhere.invalid:1"),
        "{said}"
    );

    let serving = Serving::start(within(folder.path(), &["dev", "--listen", "0"]));
    let client = Client::new(serving.address);
    let begun = std::time::Instant::now();
    while client.get("/one").await.text() != "pong" {
        assert!(begun.elapsed().as_secs() < 60);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // A change of the settings is served, too.
    let private = "[functions.one]\npath = \"ping.wasm\"\ningress = \"private\"\n";
    fs::write(folder.path().join("functions.toml"), private).unwrap();
    while client.get("/one").await.status != 404 {
        assert!(begun.elapsed().as_secs() < 60);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// `deploy` deploys the functions of the file with its settings, and names choose among them.
#[tokio::test]
async fn deploy_takes_functions_with_settings() {
    let folder = project(
        "[functions.a]\npath = \"ping.wasm\"\ntimeout = \"2s\"\nvariables = { A = \"1\" }\n\
         [functions.b]\npath = \"echo.wasm\"\n",
    );
    let data = tempfile::tempdir().unwrap();
    let mut command = functions(&["serve", "--listen", "0", "--admin-listen", "0"]);
    command.args(["--max-concurrency", "8", "--data-dir"]);
    let (_serving, lines) = Serving::start_lines(
        {
            command.arg(data.path());
            command
        },
        2,
    );
    let host = lines[1].strip_prefix("management on ").unwrap();
    let run = |arguments: &[&str]| {
        let output = within(folder.path(), arguments)
            .env("FUNCTIONS_HOST", host)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    };
    let said = run(&["deploy", "b"]);
    assert!(
        said.starts_with("b version 1") && !said.contains("\na "),
        "{said}"
    );
    let said = run(&["deploy", "--env", "B=2"]);
    assert!(
        said.contains("a version 1") && said.contains("b version 2"),
        "{said}"
    );
    let settings = run(&["settings", "a"]);
    for part in ["timeout", "2s", "variables"] {
        assert!(settings.contains(part), "{settings}");
    }
    let (code, said) = fails(folder.path(), &["deploy", "aa", "--host", host]);
    assert_eq!(code, 2);
    assert!(said.contains("function \"aa\" not found; "), "{said}");
}

/// An invalid file is an error with its place and the right key, for every command that reads it.
#[test]
fn errors_have_their_place() {
    let folder = project("[functions.one]\npath = \"ping.wasm\"\ntimout = \"1s\"\n");
    for command in ["serve", "dev", "build", "deploy"] {
        let (code, said) = fails(folder.path(), &[command]);
        assert_eq!(code, 2, "{command}: {said}");
        let expected = "functions.toml:3:1: unknown key `timout`; did you mean `timeout`?";
        assert!(said.contains(expected), "{command}: {said}");
    }
    let manifest = "[functions.one]\npackage = \"missing\"\n";
    fs::write(folder.path().join("functions.toml"), manifest).unwrap();
    let package = "[package]\nname = \"one\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n\
                   [lib]\npath = \"lib.rs\"\ncrate-type = [\"cdylib\"]\n";
    fs::write(folder.path().join("Cargo.toml"), package).unwrap();
    fs::write(folder.path().join("lib.rs"), "").unwrap();
    let (code, said) = fails(folder.path(), &["build"]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("functions.toml:2:11: package \"missing\" not found"),
        "{said}"
    );
}

/// A setting above the host's limit is an error with its place, its value and what to do, wherever it is
/// refused.
#[tokio::test]
async fn settings_above_the_limits_have_their_place() {
    let above = |setting: &str| format!("[functions.one]\npath = \"ping.wasm\"\n{setting}\n");
    let folder = project(&above("memory = \"999GiB\""));
    let data = tempfile::tempdir().unwrap();
    let mut command = functions(&["serve", "--listen", "0", "--admin-listen", "0"]);
    command.args(["--max-concurrency", "8", "--data-dir"]);
    command.arg(data.path());
    let (_serving, lines) = Serving::start_lines(command, 2);
    let host = lines[1].strip_prefix("management on ").unwrap();
    let deploy = ["deploy", "--host", host];
    let commands = [&["serve", "--listen=0"][..], &["invoke", "one"], &deploy];
    for (setting, column, option) in [
        ("memory = \"999GiB\"", 10, "--memory"),
        ("timeout = \"1h\"", 11, "--timeout"),
        ("cpu_time = \"1h\"", 12, "--cpu-time"),
        ("concurrency = 100000", 15, "--max-concurrency"),
    ] {
        fs::write(folder.path().join("functions.toml"), above(setting)).unwrap();
        for command in commands {
            let (code, said) = fails(folder.path(), command);
            assert_eq!(code, 2, "{said}");
            let (name, value) = setting.split_once(" = ").unwrap();
            for part in [
                &format!("functions.toml:3:{column}: "),
                "one",
                name,
                value.trim_matches('"'),
                "expected at most the host's ",
                &format!("raise the host's {option}"),
            ] {
                assert!(said.contains(part), "{command:?}: {part}: {said}");
            }
        }
    }
    // A setting of the command line has no place in the file.
    let given = [&deploy[..], &["--setting", "memory=1GiB"]].concat();
    let (code, said) = fails(folder.path(), &given);
    assert_eq!(code, 2, "{said}");
    let expected =
        "1GiB; expected at most the host's 128MiB: lower it, or raise the host's --memory";
    assert!(
        said.contains(expected) && !said.contains("functions.toml"),
        "{said}"
    );
}

/// Nothing to serve is an invalid use, which says what would be one.
#[test]
fn nothing_to_serve_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = fails(folder.path(), &["serve"]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("no function to serve: give NAME=FILE.wasm"),
        "{said}"
    );
}
