//! A client that takes as little of the machine as it can: it shares it with what it measures.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::BODY;

/// What is written and read at once.
pub(super) const PIECE: usize = 256 * 1024;

/// Gets a body of `BODY` bytes.
pub(super) fn download(proxy: SocketAddr, path: &str) {
    let mut stream = TcpStream::connect(proxy).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    let mut rest = vec![0; PIECE];
    let (head, mut got) = read_head(&mut stream, &mut rest);
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let length = format!("content-length: {BODY}\r\n");
    assert!(head.contains(&length), "{head}");
    while got < BODY {
        let read = stream.read(&mut rest).unwrap();
        assert_ne!(read, 0, "only {got} bytes came");
        got += read as u64;
    }
    assert_eq!(got, BODY);
}

/// Sends a body of `BODY` bytes, and gets back how many arrived.
pub(super) fn upload(proxy: SocketAddr, path: &str) {
    let mut stream = TcpStream::connect(proxy).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {BODY}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let piece = vec![7; PIECE];
    for _ in 0..BODY / PIECE as u64 {
        stream.write_all(&piece).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with(&format!("\r\n\r\n{BODY}")), "{answer}");
}

/// Reads a head, and whatever comes with it, of which it returns the length.
pub(super) fn read_head(stream: &mut TcpStream, buffer: &mut [u8]) -> (String, u64) {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).unwrap();
        filled += read;
        let so_far = &buffer[..filled];
        if let Some(end) = so_far.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(so_far[..end + 2].to_vec()).unwrap();
            return (head, (filled - end - 4) as u64);
        }
        if read == 0 {
            return (String::new(), 0);
        }
    }
}
