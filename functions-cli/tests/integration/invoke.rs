//! `functions invoke`: one request, without a server.

use std::io::Write as _;
use std::process::Stdio;

use crate::build::Package;
use crate::process::{Serving, functions, run};

/// The body goes to standard output unchanged, and nothing else does.
#[test]
fn body_is_on_standard_output() {
    let output = run(&["invoke", test_guests::PING]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(output.stdout, b"pong");
    assert_eq!(said, "");
}

/// The request has the method, headers, path and body that options give it.
#[test]
fn options_make_the_request() {
    let output = run(&[
        "invoke",
        test_guests::ECHO_DETAILS,
        "-H",
        "x-tried: yes",
        "--path",
        "/deep/er?a=1",
        "-d",
        r#"{"headers_to_send_back":{}}"#,
    ]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in ["'x-tried'='yes'", "path: /deep/er"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let output = run(&["invoke", test_guests::ECHO, "-d", "some text"]);
    assert_eq!(output.stdout, b"some text");
}

/// The body may come from a file or from standard input, and is sent unchanged.
#[test]
fn body_comes_from_a_file_or_a_pipe() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"one\r\ntwo\n").unwrap();
    let from_file = format!("@{}", file.path().display());
    let output = run(&["invoke", test_guests::ECHO, "-d", &from_file]);
    assert_eq!(output.stdout, b"one\r\ntwo\n");

    let mut child = functions(&["invoke", test_guests::ECHO, "-d", "@-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"piped").unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, b"piped");
}

/// The exit code tells 2xx from 4xx, 5xx, and a function that cannot be run.
#[test]
fn exit_code_tells_the_status() {
    let greet = test_guests::GREET;
    for (arguments, code) in [
        (&["invoke", greet, "-d", r#"{"name":"Ada"}"#][..], 0),
        (&["invoke", greet, "-d", "no JSON"], 4),
        (&["invoke", test_guests::MISBEHAVE, "--path", "/panic"], 5),
        (&["invoke", "missing.wasm"], 2),
        (&["invoke", greet, "--path", "a b"], 2),
        (&["invoke", greet, "-d", "@missing"], 2),
        (&["invoke", greet, "-H", "no colon"], 2),
    ] {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    }
}

/// `-v` shows the head and what the invocation used, on standard error.
#[test]
fn verbose_shows_what_was_used() {
    let output = run(&["invoke", test_guests::PING, "-v"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.stdout, b"pong");
    for part in [
        "< 200 OK",
        "time ",
        "cpu ",
        "memory ",
        "calls 0",
        "outbound requests 0",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(!said.contains("unknown"), "{said}");
}

/// Functions that are given with it can be called.
#[test]
fn other_functions_can_be_called() {
    let shrink = format!("shrink={}", test_guests::SHRINK);
    let orchestrate = test_guests::ORCHESTRATE;
    let output = run(&[
        "invoke",
        orchestrate,
        "--with",
        &shrink,
        "-v",
        "-d",
        "no picture",
    ]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("calls 1"), "{said}");
}

/// A package is built and invoked, by its folder or by its name. Standard output has only the body.
#[test]
fn packages_are_built_first() {
    let package = Package::new("try-invoke");
    let request = ["-d", r#"{"name":"Ada"}"#];
    let greeting = r#"{"message":"Hello, Ada!"}"#;
    for function in ["try-invoke", "."] {
        let (code, printed, said) = package.run(&["invoke", function, request[0], request[1]]);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(printed, greeting, "{said}");
    }
    package.edit("src/lib.rs", "Hello, {}!", "Bye, {}!");
    let (_, printed, _) = package.run(&["invoke", "try-invoke", "-d", request[1]]);
    assert_eq!(printed, r#"{"message":"Bye, Ada!"}"#);
    let (code, printed, said) = package.run(&["invoke", "try-inwoke"]);
    assert_eq!((code, printed.as_str()), (Some(2), ""));
    assert!(
        said.contains("function \"try-inwoke\" not found; did you mean `try-invoke`?"),
        "{said}"
    );
    package.edit("src/lib.rs", "fn greet", "fn great");
    let (code, _, said) = package.run(&["invoke", "try-invoke"]);
    assert_eq!(code, Some(1), "{said}");
}

/// A function of a manifest can call the others, also private ones, and is invoked though it is private.
#[test]
fn functions_of_a_manifest_call_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = format!(
        "[functions.orchestrate]\npath = {:?}\ningress = \"token\"\n\
         [functions.shrink]\npath = {:?}\ningress = \"private\"\n",
        test_guests::ORCHESTRATE,
        test_guests::SHRINK,
    );
    std::fs::write(folder.path().join("functions.toml"), manifest).unwrap();
    for (name, calls) in [("orchestrate", "calls 1"), ("shrink", "calls 0")] {
        let mut command = functions(&["invoke", name, "-v", "-d", "no picture"]);
        let output = command.current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(calls), "{said}");
    }
}

/// With `--host`, the function of a host that runs answers.
#[test]
fn function_of_a_host_is_invoked() {
    let ping = format!("f={}", test_guests::PING);
    let arguments = ["serve", "--listen", "0", "--admin-listen", "0", &ping];
    let data = tempfile::tempdir().unwrap();
    let mut command = functions(&arguments);
    command
        .args(["--max-concurrency", "8", "--data-dir"])
        .arg(data.path());
    let (_serving, lines) = Serving::start_lines(command, 2);
    let host = lines[1].strip_prefix("management on ").unwrap();
    let deployed = run(&[
        "deploy",
        &format!("e={}", test_guests::ECHO),
        "--host",
        host,
    ]);
    assert!(deployed.status.success(), "{deployed:?}");
    let output = run(&["invoke", "e", "--host", host, "-d", "some text"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.stdout, b"some text", "{said}");
    let output = run(&["invoke", "missing", "--host", host]);
    assert_eq!(output.status.code(), Some(4));
}
