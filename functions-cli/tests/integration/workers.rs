//! Components and workers, by the real command, which compiles in a process of its own.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::managed::Managed;
use crate::process::{Serving, functions};

fn start(folder: &Path) -> Managed {
    Managed::start_with(folder, &["--golem", "127.0.0.1:0"])
}

/// A component is added and listed, and its workers are called, listed, shown and deleted. A worker keeps its
/// state when the host is killed.
#[test]
fn workers_are_called_by_name() {
    let folder = TempDir::new().unwrap();
    let host = start(folder.path());
    let file = format!("w={}", test_guests::WORKER);
    let added = host.says(&["component", "add", &file]);
    assert!(added.starts_with("w version 0  "), "{added}");
    assert!(
        host.says(&["component", "add", &file])
            .starts_with("w version 1  ")
    );
    let listed = host.json(&["component", "list", "--json"]);
    assert_eq!(listed[0]["componentName"], "w");
    let add = "test:worker/api.{add}";
    assert_eq!(host.json(&["worker", "invoke", "w/a", add, "5"]), json!(5));
    // Options may follow, and numbers may be negative.
    let (code, said) = host.fails(&["worker", "invoke", "w/a", add, "-1"]);
    assert!(
        code == 2 && said.contains("Cannot convert -1 to u64"),
        "{code}: {said}"
    );
    let key = ["worker", "invoke", "w/a", add, "1", "--key", "k"];
    assert_eq!(host.json(&key), json!(6));
    assert_eq!(host.json(&key), json!(6));
    drop(host);

    let host = start(folder.path());
    assert_eq!(host.json(&["worker", "invoke", "w/a", add, "1"]), json!(7));
    let workers = host.json(&["worker", "list", "w", "--json"]);
    assert_eq!(workers["workers"][0]["workerId"]["workerName"], "a");
    let worker = host.json(&["worker", "get", "w/a", "--json"]);
    assert_eq!(worker["status"], "Idle");
    let (code, said) = host.fails(&["worker", "invoke", "w/b", "nope"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("could not load function nope"), "{said}");
    host.says(&["worker", "delete", "w/a"]);
    assert_eq!(host.json(&["worker", "invoke", "w/a", add, "1"]), json!(1));
}

/// A host with Golem's API, and the path of a call of the test component's `sleep`.
fn start_golem(folder: &Path, grace: &str) -> (Managed, String, String) {
    let mut command = functions(&["serve", "--listen=0", "--admin-listen=0", "--golem=0"]);
    command.arg("--data-dir").arg(folder);
    command.args(["--grace", grace, "--serverledge=0"]);
    let (serving, lines) = Serving::start_lines(command, 4);
    let address = |name: &str| {
        let mut lines = lines.iter();
        let address = lines.find_map(|line| line.strip_prefix(&format!("{name} on ")));
        address.unwrap().to_owned()
    };
    let host = Managed {
        serving,
        admin: address("management"),
        token: None,
    };
    let file = format!("w={}", test_guests::WORKER);
    host.says(&["component", "add", &file]);
    let component = host.json(&["component", "list", "--json"]);
    let id = component[0]["versionedComponentId"]["componentId"]
        .as_str()
        .unwrap();
    let path = format!(
        "/v1/components/{id}/workers/a/invoke-and-await?function=test:worker/api.%7Bsleep%7D"
    );
    let golem = address("golem").replace("http://", "");
    (host, golem, path)
}

/// Begins a call of `sleep`.
fn begin_sleep(golem: &str, path: &str, milliseconds: u32, key: &str) -> TcpStream {
    let body = format!(r#"{{"params":[{{"value":{milliseconds}}}]}}"#);
    let mut stream = TcpStream::connect(golem).unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {golem}\r\nconnection: close\r\nidempotency-key: {key}\r\n\
         content-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// Waits until a worker has a call.
fn wait_until_running(host: &Managed, worker: &str) {
    let begun = Instant::now();
    let is_running = || {
        let output = host.run(&["worker", "get", worker, "--json"]).stdout;
        let worker = serde_json::from_slice::<serde_json::Value>(&output);
        worker.is_ok_and(|worker| worker["status"] == "Running")
    };
    while !is_running() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{worker}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn rest(mut stream: TcpStream) -> String {
    let time = Some(Duration::from_secs(60));
    stream.set_read_timeout(time).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A call in flight has the grace period when the host is stopped. Connections that are idle do not.
#[test]
fn call_in_flight_is_answered_before_the_host_stops() {
    let folder = TempDir::new().unwrap();
    let (host, golem, path) = start_golem(folder.path(), "60s");
    let management = host.admin.replace("http://", "");
    let idle = [golem.as_str(), &management].map(|address| TcpStream::connect(address).unwrap());
    let mut managed = host
        .command(&["worker", "invoke", "w/b", "test:worker/api.{sleep}", "3500"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let call = begin_sleep(&golem, &path, 4000, "k");
    wait_until_running(&host, "w/a");
    wait_until_running(&host, "w/b");
    let begun = Instant::now();
    host.serving.signal("TERM");
    let mut idle = idle.into_iter();
    assert_eq!(rest(idle.next().unwrap()), "");
    let closed = begun.elapsed();
    let answer = rest(call);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(closed < Duration::from_secs(2), "{closed:?}");
    // By way of the management API, too.
    assert!(managed.wait().unwrap().success());
    let (status, said) = host.serving.end();
    assert_eq!(status.code(), Some(0), "{said}");
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
}

/// A call that takes longer is told to be sent again, and goes on in the next process.
#[test]
fn call_beyond_the_grace_period_is_answered() {
    let folder = TempDir::new().unwrap();
    let (host, golem, path) = start_golem(folder.path(), "2s");
    // A call of a worker that runs already begins at once.
    rest(begin_sleep(&golem, &path, 0, "first"));
    let call = begin_sleep(&golem, &path, 8000, "k");
    wait_until_running(&host, "w/a");
    host.serving.signal("TERM");
    let answer = rest(call);
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("send the request again"), "{answer}");
    let (status, said) = host.serving.end();
    assert_eq!(status.code(), Some(3), "{said}");

    let (_host, golem, path) = start_golem(folder.path(), "30s");
    let answer = rest(begin_sleep(&golem, &path, 0, "k"));
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let slept = answer.rsplit_once("\"value\":[").unwrap().1;
    let slept: u64 = slept.split(']').next().unwrap().parse().unwrap();
    assert!(slept >= 8000, "{answer}");
}
