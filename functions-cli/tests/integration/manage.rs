//! The commands that manage a running host, against a real one with a data folder.

use std::path::Path;

use tempfile::TempDir;
use test_support::client::{Client, whole};

use crate::managed::Managed;
use crate::process::{Serving, functions};

fn ping() -> String {
    format!("f={}", test_guests::PING)
}

fn greet() -> String {
    format!("f={}", test_guests::GREET)
}

/// What is deployed is served at once, can be rolled back, survives a restart, and can be deleted.
#[tokio::test]
async fn functions_are_deployed_and_rolled_back() {
    let folder = TempDir::new().unwrap();
    let host = Managed::start(folder.path());
    assert!(
        host.says(&["deploy", &ping()])
            .starts_with("f version 1  http://")
    );
    assert_eq!(host.client().get("/f").await.text(), "pong");
    assert!(host.says(&["deploy", &greet()]).contains("version 2"));
    assert_eq!(host.client().get("/f").await.status, 400);
    // The same again makes no version.
    assert!(host.says(&["deploy", &greet()]).contains("version 2"));
    assert!(host.says(&["rollback", "f"]).contains("version 1"));
    assert_eq!(host.client().get("/f").await.text(), "pong");
    drop(host);

    let host = Managed::start(folder.path());
    assert_eq!(host.client().get("/f").await.text(), "pong");
    let versions = host.says(&["versions", "f"]);
    assert_eq!(versions.lines().count(), 3, "{versions}");
    assert!(versions.contains("1        current"), "{versions}");
    let listed: serde_json::Value = serde_json::from_str(&host.says(&["list", "--json"])).unwrap();
    assert_eq!(listed["functions"][0]["version"], 1);
    assert_eq!(host.says(&["delete", "f"]), "f deleted\n");
    assert_eq!(host.client().get("/f").await.status, 404);
    assert_eq!(host.says(&["list"]).lines().count(), 1);
}

/// Settings are merged: what is not named stays.
#[tokio::test]
async fn settings_are_merged() {
    let folder = TempDir::new().unwrap();
    let host = Managed::start(folder.path());
    host.says(&["deploy", &ping(), "--setting", "timeout=5s", "--env", "A=1"]);
    host.says(&["deploy", &ping(), "--env", "B=2"]);
    let settings = host.says(&[
        "settings",
        "f",
        "concurrency=4",
        "--unset",
        "timeout",
        "--json",
    ]);
    let settings: serde_json::Value = serde_json::from_str(&settings).unwrap();
    let expected = serde_json::json!({"concurrency": 4, "variables": {"A": "1", "B": "2"}});
    assert_eq!(settings, expected);
    let file = folder.path().with_extension("json");
    std::fs::write(&file, r#"{"ingress": "private"}"#).unwrap();
    host.says(&["settings", "f", "--replace", file.to_str().unwrap()]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(host.client().get("/f").await.status, 404);
    let inspected = host.says(&["inspect", "f"]);
    assert!(
        inspected.contains("settings.ingress  private"),
        "{inspected}"
    );
}

/// Secrets are taken from the environment, read by the function, and never shown.
#[tokio::test]
async fn secrets_are_not_shown() {
    let folder = TempDir::new().unwrap();
    let key = folder.path().with_extension("key");
    std::fs::write(&key, "0f".repeat(32)).unwrap();
    let options = ["--secrets-key-file", key.to_str().unwrap()];
    let host = Managed::start_with(folder.path(), &options);
    let file = format!("f={}", test_guests::CONFORMANCE);
    let mut command = host.command(&["deploy", &file, "--secret", "PASSWORD"]);
    let output = command.env("PASSWORD", "xyzzy-1").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    for arguments in [&["inspect", "f"][..], &["settings", "f", "--json"]] {
        let said = host.says(arguments);
        assert!(
            said.contains("PASSWORD") && !said.contains("xyzzy"),
            "{said}"
        );
    }
    std::fs::remove_file(&key).unwrap();
}

/// Once a token exists every command needs one that may do what it does.
#[tokio::test]
async fn tokens_are_needed_once_there_is_one() {
    let folder = TempDir::new().unwrap();
    let mut host = Managed::start(folder.path());
    let (code, said) = host.fails(&["token", "create", "ci", "--scope", "deploy"]);
    assert_eq!(code, 2);
    assert!(said.contains("\"admin\""), "{said}");
    let admin = host.says(&["token", "create", "me", "--scope", "admin"]);
    let (code, said) = host.fails(&["list"]);
    assert_eq!(code, 5);
    assert!(said.contains("FUNCTIONS_TOKEN"), "{said}");
    host.token = Some(admin.trim().to_owned());
    let ci = host.says(&[
        "token",
        "create",
        "ci",
        "--scope",
        "deploy",
        "--function",
        "f",
    ]);
    let tokens = host.says(&["token", "list"]);
    assert_eq!(tokens.lines().count(), 3, "{tokens}");
    assert!(!tokens.contains(ci.trim()), "{tokens}");
    let id = tokens.lines().find(|line| line.contains("  ci  ")).unwrap();
    let id = id.split_whitespace().next().unwrap().to_owned();

    let admin = host.token.replace(ci.trim().to_owned());
    host.says(&["deploy", &ping()]);
    let other = format!("g={}", test_guests::PING);
    assert_eq!(host.fails(&["deploy", &other]).0, 5);
    host.token = admin;
    assert_eq!(
        host.says(&["token", "revoke", &id]),
        format!("{id} revoked\n")
    );
    assert_eq!(host.fails(&["token", "revoke", &id]).0, 4);
}

/// Logs are shown in one line for each record, or as the host has them.
#[tokio::test]
async fn logs_are_shown() {
    let folder = TempDir::new().unwrap();
    let host = Managed::start(folder.path());
    host.says(&["deploy", &format!("f={}", test_guests::MISBEHAVE)]);
    host.client().get("/f/panic").await;
    // The answer does not wait for the log.
    let begun = std::time::Instant::now();
    let said = loop {
        let said = host.says(&["logs", "f"]);
        if !said.is_empty() {
            break said;
        }
        assert!(begun.elapsed().as_secs() < 60, "nothing is logged");
    };
    assert!(said.contains("panicked"), "{said}");
    let json = host.says(&["logs", "f", "--json"]);
    let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(first["function"], "f");
    assert_eq!(host.fails(&["logs", "f", "--since", "x"]).0, 2);
}

/// Errors name what to do, with an exit code for each kind.
#[test]
fn errors_have_exit_codes() {
    let folder = TempDir::new().unwrap();
    let host = Managed::start(folder.path());
    host.says(&["deploy", &ping()]);
    let no_json = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let no_function = format!("f={no_json}");
    let functions_url = format!("http://{}", host.serving.address);
    let over_tls = host.admin.replace("http://", "https://");
    for (arguments, code, says) in [
        (
            &["inspect", "nope"][..],
            4,
            "error: function \"nope\" not found; `functions list` lists all",
        ),
        (&["list", "--host", &functions_url], 1, "`management on`"),
        (
            &["deploy", &ping(), "--host", &functions_url],
            1,
            "`management on`",
        ),
        (
            &["logs", "f", "--host", &functions_url],
            1,
            "`management on`",
        ),
        (&["list", "--host", "http://"], 2, "invalid --host http://"),
        (
            &["list", "--host", &over_tls],
            1,
            "over https behind a proxy",
        ),
        (&["rollback", "f"], 4, "f has no earlier version"),
        (
            &["rollback", "f", "9"],
            4,
            "has no version 9; `functions versions f` lists all",
        ),
        (
            &["token", "revoke", "9"],
            4,
            "token not found; `functions token list`",
        ),
        (&["settings", "f", "--replace", no_json], 2, "is not JSON"),
        (&["settings", "f", "nope=1"], 2, "`secrets`"),
        (&["deploy", "f=/nowhere.wasm"], 2, "cargo build"),
        (&["deploy", &no_function], 2, "f ("),
        (
            &["list", "--host", "http://127.0.0.1:1"],
            1,
            "--admin-listen",
        ),
        (&["list", "--host", "ftp://x"], 2, "--host ftp://x"),
        (
            &["deploy", &ping(), "--setting", "timeout=9x"],
            2,
            "timeout",
        ),
        (&["deploy", &ping(), "--setting", "nope=1"], 2, "nope"),
        (
            &["deploy", &ping(), "--if-version", "7"],
            2,
            "current version is 1",
        ),
    ] {
        let (found, said) = host.fails(arguments);
        assert_eq!(found, code, "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
}

/// Something else than a host is told from one, whatever it answers.
#[test]
fn other_servers_are_no_hosts() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answers = ["200 OK", "404 Not Found", "502 Bad Gateway"];
    let server = std::thread::spawn(move || {
        for status in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = std::io::Read::read(&mut stream, &mut [0; 4096]).unwrap();
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: 13\r\nconnection: close\r\n\r\n");
            let answer = head + "<html></html>";
            std::io::Write::write_all(&mut stream, answer.as_bytes()).unwrap();
        }
    });
    for status in answers {
        let output = functions(&["list", "--host", &url]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{status}: {said}");
        assert!(
            said.contains("is not the management API of a host"),
            "{status}: {said}"
        );
    }
    server.join().unwrap();
}

/// All versions are listed and reached, also those behind the first page.
#[tokio::test]
async fn versions_are_listed_page_by_page() {
    let folder = TempDir::new().unwrap();
    let host = Managed::start(folder.path());
    host.says(&["deploy", &ping()]);
    // More than a page.
    let admin = Client::new(host.admin.strip_prefix("http://").unwrap().parse().unwrap());
    for queue in 1..=510 {
        let request = admin.request(http::Method::PATCH, "/v1/functions/f/settings");
        let body = whole(format!("{{\"queue\":{queue}}}"));
        let request = request
            .header("content-type", "application/json")
            .body(body);
        assert_eq!(admin.send(request.unwrap()).await.status, 200);
    }
    let versions = host.says(&["versions", "f"]);
    assert_eq!(versions.lines().count(), 512, "{versions}");
    host.says(&["rollback", "f", "2"]);
    assert!(host.says(&["rollback", "f"]).contains("version 1"));
    assert_eq!(host.fails(&["rollback", "f"]).0, 4);
}

/// A data folder has one host, and every folder that cannot be used is one line and exit code 2.
#[test]
fn unusable_folders_are_refused_with_one_line() {
    let folder = TempDir::new().unwrap();
    let _host = Managed::start(folder.path());
    let foreign = TempDir::new().unwrap();
    std::fs::write(foreign.path().join("letter.txt"), "mine").unwrap();
    for folder in [folder.path(), foreign.path(), Path::new("/dev/null/x")] {
        let output = functions(&["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(folder.to_str().unwrap()), "{said}");
    }
}

/// Without a data folder the host says that nothing stays; a function from a file beats a stored one.
#[tokio::test]
async fn the_start_says_what_may_surprise() {
    let folder = TempDir::new().unwrap();
    Managed::start(folder.path()).says(&["deploy", &greet()]);
    let host = Managed::start_with(folder.path(), &[&ping()]);
    assert_eq!(host.client().get("/f").await.text(), "pong");
    assert!(host.says(&["inspect", "f"]).contains("f"));
    assert_eq!(host.fails(&["deploy", &greet()]).0, 2);
    host.serving.signal("TERM");
    let (_, said) = host.serving.end();
    assert!(said.contains("served from files instead"), "{said}");
    assert!(
        said.contains("without what is stored for them (ingress"),
        "{said}"
    );

    let mut command = functions(&["serve", "--listen", "127.0.0.1:0"]);
    command.args(["--admin-listen", "127.0.0.1:0", "--max-concurrency", "1"]);
    let serving = Serving::start(command);
    serving.signal("TERM");
    assert!(serving.end().1.contains("--data-dir DIR keeps it"));
}

/// Asynchronous invocations are listed, shown, retried and cancelled.
#[tokio::test]
async fn invocations_are_managed() {
    let folder = TempDir::new().unwrap();
    let host = Managed::start(folder.path());
    host.says(&["deploy", &format!("f={}", test_guests::MISBEHAVE)]);
    host.says(&["settings", "f", "retries=0"]);
    let defer = |path: &str| {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nprefer: respond-async\r\ncontent-length: 0\r\nconnection: \
             close\r\n\r\n",
            host.serving.address
        );
        let mut stream = std::net::TcpStream::connect(host.serving.address).unwrap();
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
        let (_, rest) = answer.split_once("/-/invocations/").unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    };
    let state = |id: &str| {
        let shown = host.says(&["invocations", "show", id]);
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        shown["state"].as_str().unwrap().to_owned()
    };
    let wait = |id: &str, wanted: &str| {
        for _ in 0..1000 {
            if state(id) == wanted {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("{id} is never {wanted}");
    };
    let failing = defer("/f/panic");
    wait(&failing, "failed");
    let listed = host.says(&[
        "invocations",
        "list",
        "--state",
        "failed",
        "--function",
        "f",
    ]);
    assert!(
        listed.contains(&failing) && listed.contains("the function failed"),
        "{listed}"
    );
    assert_eq!(
        host.says(&["invocations", "retry", &failing]),
        format!("{failing} queued\n")
    );
    wait(&failing, "failed");
    let sleeping = defer("/f/sleep");
    wait(&sleeping, "running");
    assert_eq!(
        host.says(&["invocations", "cancel", &sleeping]),
        format!("{sleeping} cancelled\n")
    );
    assert_eq!(state(&sleeping), "cancelled");
    let (code, said) = host.fails(&["invocations", "cancel", &sleeping]);
    assert!(code == 2 && said.contains("cancelled"), "{code}: {said}");
    let (code, said) = host.fails(&["invocations", "show", "none"]);
    assert!(
        code == 4 && said.contains("functions invocations list"),
        "{code}: {said}"
    );
}
