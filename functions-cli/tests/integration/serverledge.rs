use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::process::{Serving, functions, run};

/// Sends bytes, and returns the answer up to its end.
fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The API is served where the option says, and announced in a line of its own.
#[test]
fn api_is_announced() {
    let command = functions(&[
        "serve",
        "--listen=0",
        "--admin-listen=0",
        "--serverledge=127.0.0.1:0",
    ]);
    let (_serving, lines) = Serving::start_lines(command, 3);
    let address = lines[2].strip_prefix("serverledge on http://").unwrap();
    // As Go's client sends it.
    let request = format!(
        "GET /function HTTP/1.1\r\nHost: {address}\r\nUser-Agent: Go-http-client/1.1\r\nConnection: close\r\n\r\n"
    );
    let answer = exchange(address, &request);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n[]\n"), "{answer}");
}

/// An address that other machines reach has to be allowed, and the error says what that means.
#[test]
fn open_addresses_have_to_be_allowed() {
    let refused = run(&["serve", "--listen=0", "--serverledge=0.0.0.0:0"]);
    let text = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success());
    assert!(
        text.contains("no credentials") && text.contains("--serverledge-open"),
        "{text}"
    );
    let command = functions(&[
        "serve",
        "--listen=0",
        "--serverledge=0.0.0.0:0",
        "--serverledge-open",
    ]);
    let (_serving, lines) = Serving::start_lines(command, 2);
    assert!(
        lines[1].starts_with("serverledge on http://0.0.0.0:"),
        "{lines:?}"
    );
}
