use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use super::process::{Serving, functions, run};

/// A host with the two examples of Dispatch, and the URL of its management API.
fn serve(folder: &Path, options: &[&str]) -> (Serving, String) {
    let data = format!("--data-dir={}", folder.display());
    let examples = [
        ("dispatch-caller", test_guests::DISPATCH_CALLER),
        ("dispatch-endpoint", test_guests::DISPATCH_ENDPOINT),
    ];
    let examples = examples.map(|(name, file)| format!("{name}={file}"));
    let mut command = functions(&[
        "serve",
        "--listen=0",
        "--admin-listen=0",
        "--dispatch=0",
        &data,
    ]);
    command.args(options).args(examples);
    let (serving, lines) = Serving::start_lines(command, 3);
    assert!(
        lines[2].starts_with("dispatch on http://127.0.0.1:"),
        "{lines:?}"
    );
    let management = lines[1].strip_prefix("management on ").unwrap().to_owned();
    (serving, management)
}

fn says(management: &str, token: &str, arguments: &[&str]) -> String {
    let host = format!("--host={management}");
    let mut arguments = [arguments, &[&host]].concat();
    let token = format!("--token={token}");
    if token.len() > "--token=".len() {
        arguments.push(&token);
    }
    let output = run(&arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{arguments:?}: {text}");
    text.trim().to_owned()
}

/// Posts a body, and returns that of the answer.
fn post(address: SocketAddr, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 202"), "{answer}");
    body.trim().to_owned()
}

/// A function dispatches a call without being told where, another one runs it, and the command shows it.
#[test]
fn functions_dispatch_and_run_calls() {
    let folder = tempfile::tempdir().unwrap();
    let (first, management) = serve(folder.path(), &[]);
    let create = |token: &str, scope: &str| {
        let arguments = ["token", "create", scope, "--scope", scope];
        says(&management, token, &arguments)
    };
    let admin = create("", "admin");
    let key = create(&admin, "dispatch");
    drop(first);

    let key = format!("--env=DISPATCH_API_KEY={key}");
    // The name of a proxy before the host, which the host itself does not ask.
    let endpoint = "--env=ENDPOINT=http://functions.example/dispatch-endpoint";
    let public = "--public-url=http://functions.example";
    let (serving, management) = serve(
        folder.path(),
        &[&key, endpoint, public, "--allow-host=a.example"],
    );
    let id = post(serving.address, "/dispatch-caller", "[1,2,3]");
    let show = || says(&management, &admin, &["calls", "show", &id, "--json"]);
    let deadline = Instant::now() + Duration::from_secs(60);
    while !show().contains(r#""state": "succeeded""#) {
        assert!(Instant::now() < deadline, "{}", show());
        std::thread::sleep(Duration::from_millis(100));
    }
    let table = says(&management, &admin, &["calls", "show", &id]);
    assert!(
        table.contains("CHILDREN") && table.contains("total"),
        "{table}"
    );
    let tree = says(
        &management,
        &admin,
        &["calls", "list", "--root", &id, "--state", "succeeded"],
    );
    assert_eq!(tree.lines().count(), 5, "{tree}");
    assert!(tree.contains("square"), "{tree}");
}

/// A signing key that cannot be read is an invalid argument, whose file and form are named.
#[test]
fn invalid_signing_keys_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signing.key");
    let option = format!("--dispatch-signing-key={}", file.display());
    for (content, says) in [
        (None, "cannot read the signing key: No such file"),
        (Some(b"secret".as_slice()), "expected a PEM private key"),
        (Some(b"\xff\xfe".as_slice()), "expected a PEM private key"),
    ] {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let output = run(&["serve", "--listen=0", "--dispatch=0", &option]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        let named = format!("--dispatch-signing-key {}", file.display());
        assert!(text.contains(&named) && text.contains(says), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}
