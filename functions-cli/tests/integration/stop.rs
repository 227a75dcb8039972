//! When and how the `functions` command ends.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use http::Method;

use crate::process::{Serving, functions, signal, wait};
use test_support::client::{Client, pieces, whole};
use test_support::soon;

fn serve(options: &[&str]) -> Command {
    let mut command = functions(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        test_guests::PING,
        test_guests::ECHO,
    ]);
    command.args(options);
    command
}

/// Waits for a condition of another process.
fn until(mut happened: impl FnMut() -> bool) {
    for _ in 0..6000 {
        if happened() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it never happened");
}

/// Whether a process has a handler for SIGTERM.
#[cfg(target_os = "linux")]
fn hears_signals(child: &Child) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = u64::from_str_radix(caught.unwrap().trim(), 16).unwrap();
    caught & (1 << (15 - 1)) != 0
}

/// A signal before the command serves ends it with 0. Process 1 of a container would ignore signals without a
/// handler.
#[cfg(target_os = "linux")]
#[test]
fn signal_at_start_ends_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("never.wasm");
    // Reading this file does not end, like compiling a large function.
    let made = Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(made.success());
    let mut child = functions(&["serve", file.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until(|| hears_signals(&child));
    signal(&child, "TERM");
    let status = wait(&mut child);
    let mut said = String::new();
    child.stderr.unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("before it served"), "{said}");
}

/// A terminal that is closed stops a server in order, unless it was started to outlive it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn closed_terminal_stops_a_server_without_nohup() {
    let serving = Serving::start(serve(&[]));
    serving.signal("HUP");
    let (status, said) = serving.end();
    assert_eq!(status.code(), Some(0), "{said}");

    let command = serve(&[]);
    let mut nohup = Command::new("nohup");
    nohup.arg(command.get_program()).args(command.get_args());
    nohup.env("FUNCTIONS_NO_CACHE", "true");
    let serving = Serving::start(nohup);
    serving.signal("HUP");
    let client = Client::new(serving.address);
    assert_eq!(client.get("/ping").await.text(), "pong");
    serving.signal("TERM");
    let (status, said) = serving.end();
    assert_eq!(status.code(), Some(0), "{said}");
}

/// The exit code reports requests that were cut.
#[tokio::test]
async fn cut_requests_are_told_by_the_exit_code() {
    let serving = Serving::start(serve(&["--grace", "0s"]));
    let client = Client::new(serving.address);
    let (sender, body) = pieces();
    sender.send(Bytes::from_static(b"piece")).await.unwrap();
    let request = client.request(Method::POST, "/echo").body(body).unwrap();
    let _answer = client.begin(request).await.unwrap();
    serving.signal("TERM");
    let (status, said) = serving.end();
    assert_eq!(status.code(), Some(3), "{said}");
    assert!(said.contains("cut off"), "{said}");
}

/// A closed standard output does not stop the server, which writes the line to standard error instead.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn closed_or_full_stdout_does_not_end_it() {
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let full = File::options().write(true).open("/dev/full").unwrap();
    for stdout in [Stdio::from(closed), Stdio::from(full)] {
        let mut child = serve(&[])
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let address = address_in_warning(&mut child);
        let client = Client::new(address);
        assert_eq!(client.get("/ping").await.text(), "pong");
        signal(&child, "TERM");
        assert_eq!(wait(&mut child).code(), Some(0));
    }
}

/// The address of a process that could not write it to standard output.
fn address_in_warning(child: &mut Child) -> std::net::SocketAddr {
    let (mut said, mut piece) = (String::new(), [0; 1024]);
    let stderr = child.stderr.as_mut().unwrap();
    loop {
        let read = stderr.read(&mut piece).unwrap();
        assert!(read > 0, "it said {said}");
        said += std::str::from_utf8(&piece[..read]).unwrap();
        if let Some((_, address)) = said.split_once("listening on http://")
            && let Some((address, _)) = address.split_once('\n')
        {
            return address.trim().parse().unwrap();
        }
    }
}

/// A blocked pipe stops neither serving nor stopping.
#[cfg(target_os = "linux")]
#[test]
fn unread_stdout_does_not_block_it() {
    let (reader, mut full) = std::io::pipe().unwrap();
    // A pipe has 16 pages, and a line goes into one with room.
    full.write_all(&[b'x'; 16 * 4096]).unwrap();
    let mut child = serve(&[])
        .stdout(full)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until(|| listens(&child));
    signal(&child, "TERM");
    assert_eq!(wait(&mut child).code(), Some(0));
    drop(reader);
}

/// Whether a process has a TCP socket that listens.
#[cfg(target_os = "linux")]
fn listens(child: &Child) -> bool {
    let sockets = fs::read_to_string("/proc/net/tcp").unwrap();
    let listening: Vec<_> = sockets
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.get(3) == Some(&"0A"))
        .map(|fields| format!("socket:[{}]", fields[9]))
        .collect();
    let Ok(files) = fs::read_dir(format!("/proc/{}/fd", child.id())) else {
        return false;
    };
    files
        .flatten()
        .filter_map(|file| fs::read_link(file.path()).ok())
        .any(|target| {
            listening
                .iter()
                .any(|socket| target.as_os_str() == socket.as_str())
        })
}

/// A limit of file sizes does not end the command. What cannot be cached is compiled again, and what cannot
/// be logged is counted.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn limit_of_file_sizes_does_not_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "ulimit -f 1; exec \"$@\"",
        "sh",
        env!("CARGO_BIN_EXE_functions"),
    ]);
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        test_guests::MISBEHAVE,
        "--cache",
    ]);
    command.arg(folder.path().join("cache"));
    let serving = Serving::start_with(command, File::create(&log).unwrap());
    let client = Client::new(serving.address);
    for _ in 0..3 {
        assert_eq!(
            client.get("/misbehave/print-lines?3").await.text(),
            "printed"
        );
    }
    serving.signal("TERM");
    let mut serving = serving;
    assert_eq!(serving.wait().code(), Some(0));
    let said = fs::read_to_string(log).unwrap();
    assert!(said.contains("cannot cache a compiled function"), "{said}");
    assert!(said.len() <= 1024, "{said}");
}

/// A blocked pipe loses the last lines of a log, and does not prevent the end.
#[tokio::test]
async fn unread_stderr_does_not_keep_it_from_ending() {
    // Time for the client's idle connection to be closed, on a busy machine too.
    let mut serving = Serving::start(serve(&["--grace", "30s"]));
    let client = Client::new(serving.address);
    let request = client
        .request(Method::POST, "/echo")
        .body(whole("x"))
        .unwrap();
    soon(client.send(request)).await;
    let _unread = serving.stderr();
    serving.signal("TERM");
    assert_eq!(serving.wait().code(), Some(0));
}
