//! What a connection's first request head is kept in until it is complete.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// How much of a head is kept here. The rest of a longer one arrives in hyper's buffer.
const MAX_KEPT: usize = 4096;

/// How many headers are looked at, as many as hyper takes.
const MAX_HEADERS: usize = 100;

/// Bytes that hyper does not see before there is a whole head, or something that never will be one.
///
/// hyper has buffers of 16 KiB for half a head, and sets up all that it takes to answer it. Here half a head
/// costs its own length, so that many connections which send no more cost little.
#[derive(Default)]
pub(super) struct Gate {
    kept: Vec<u8>,
    state: State,
}

#[derive(Default, PartialEq)]
enum State {
    #[default]
    Closed,
    /// What was kept is handed on.
    Opening,
    Open,
}

impl Gate {
    /// Reads what there is for hyper.
    pub(super) fn poll_read<S: AsyncRead>(
        &mut self,
        mut stream: Pin<&mut S>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.state == State::Closed {
            let mut piece = [0; 1024];
            let mut read = ReadBuf::new(&mut piece);
            ready!(stream.as_mut().poll_read(cx, &mut read))?;
            self.kept.extend_from_slice(read.filled());
            if read.filled().is_empty() || !is_part_of_head(&self.kept) {
                self.state = State::Opening;
            }
        }
        if self.state == State::Open {
            return stream.poll_read(cx, into);
        }
        let count = into.remaining().min(self.kept.len());
        into.put_slice(self.kept.get(..count).unwrap_or_default());
        self.kept.drain(..count);
        if self.kept.is_empty() {
            self.kept = Vec::new();
            self.state = State::Open;
        }
        Poll::Ready(Ok(()))
    }
}

/// Whether this may become a head, and is none yet. HTTP/2 begins with a preface that is none.
fn is_part_of_head(bytes: &[u8]) -> bool {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    if PREFACE.starts_with(bytes) {
        return bytes.len() < PREFACE.len();
    }
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let parsed = httparse::Request::new(&mut headers).parse(bytes);
    bytes.len() < MAX_KEPT && parsed.is_ok_and(|parsed| parsed.is_partial())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    struct Gated<S>(Gate, S);

    impl<S: AsyncRead + Unpin> AsyncRead for Gated<S> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            into: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let this = &mut *self;
            this.0.poll_read(Pin::new(&mut this.1), cx, into)
        }
    }

    /// Half a head is kept, and what is a whole one or cannot become one is handed on.
    #[test]
    fn halves_are_kept() {
        for (bytes, is_part) in [
            (&b""[..], true),
            (b"P", true),
            (b"\r\n", true),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n", true),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", false),
            (b"PRI * HTTP/2.0\r\n\r\nXX", false),
            (b"GET /", true),
            (b"GET / HTTP/1.1\r\nhost: x\r\n", true),
            (b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", false),
            (b"POST / HTTP/1.1\n\nbody", false),
            (b"\x16\x03\x01\x02\x00", false),
            (b"what?\r\n", false),
            (b"GET / HTTP/1.1\r\nbad header\r\n", false),
            (b"GET / HTTP/3.0", false),
        ] {
            let text = String::from_utf8_lossy(bytes);
            assert_eq!(is_part_of_head(bytes), is_part, "{text:?}");
        }
        let long = [&b"GET / HTTP/1.1\r\nx: "[..], &[b'x'; MAX_KEPT]].concat();
        assert!(is_part_of_head(&long[..MAX_KEPT - 1]));
        assert!(!is_part_of_head(&long[..MAX_KEPT]));
        let many = format!("GET / HTTP/1.1\r\n{}", "x: y\r\n".repeat(MAX_HEADERS + 1));
        assert!(!is_part_of_head(many.as_bytes()));
    }

    /// Everything arrives, whatever it is cut into and read with, and whether the client ends within a
    /// head or not.
    #[tokio::test]
    async fn everything_arrives() {
        let request = b"POST / HTTP/1.1\r\nhost: x\r\n\r\nbody\r\n\r\nand more";
        for sent in 0..=request.len() {
            for piece in [1, 7, 24, 100] {
                let (mut client, server) = duplex(16);
                let mut gated = Gated(Gate::default(), server);
                let writing = async {
                    for piece in request[..sent].chunks(piece) {
                        client.write_all(piece).await.unwrap();
                    }
                    drop(client);
                };
                let reading = async {
                    let mut all = Vec::new();
                    let mut some = vec![0; piece];
                    loop {
                        match gated.read(&mut some).await.unwrap() {
                            0 => break all,
                            count => all.extend_from_slice(&some[..count]),
                        }
                    }
                };
                let ((), all) = tokio::join!(writing, reading);
                assert_eq!(all, request[..sent]);
            }
        }
    }
}
