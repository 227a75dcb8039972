//! The server behind the proxies: sends `BODY` bytes, or counts those that it is sent.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::BODY;
use crate::load::{PIECE, read_head};

/// Serves until it is killed.
pub(super) fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("listening on http://{}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        std::thread::spawn(move || connection(stream.unwrap()));
    }
}

/// Answers one request after the other. A connection that ends is not a failure.
fn connection(mut stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let mut piece = vec![7; PIECE];
    loop {
        let (head, read) = read_head(&mut stream, &mut piece);
        let done = if head.starts_with("GET ") {
            send(&mut stream, &piece)
        } else if head.is_empty() {
            return;
        } else {
            count(&mut stream, read, &mut piece)
        };
        if done.is_err() {
            return;
        }
    }
}

fn send(stream: &mut TcpStream, piece: &[u8]) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {BODY}\r\n\r\n")?;
    for _ in 0..BODY / piece.len() as u64 {
        stream.write_all(piece)?;
    }
    Ok(())
}

fn count(stream: &mut TcpStream, mut got: u64, piece: &mut [u8]) -> std::io::Result<()> {
    while got < BODY {
        match stream.read(piece)? {
            0 => break,
            read => got += read as u64,
        }
    }
    let count = got.to_string();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{count}",
        count.len()
    )
}
