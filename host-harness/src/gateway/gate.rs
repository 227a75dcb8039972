//! Holds a connection's first request head back from hyper until it is complete.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// How much of a head the gate buffers. The rest of a longer head arrives in hyper's buffer.
const MAX_BUFFERED: usize = 4096;

/// How many headers the gate parses: hyper's own limit.
const MAX_HEADERS: usize = 100;

/// Buffers bytes until they are a whole head, or can no longer become one.
///
/// For half a head, hyper allocates buffers of 16 KiB and everything that answering takes. Here half a
/// head costs its own length, so many connections that send no more stay cheap.
#[derive(Default)]
pub(super) struct Gate {
    buffered: Vec<u8>,
    state: GateState,
}

#[derive(Default, PartialEq)]
enum GateState {
    #[default]
    Closed,
    /// The buffered bytes are being handed on.
    Opening,
    Open,
}

impl Gate {
    /// Reads what is ready for hyper.
    pub(super) fn poll_read<S: AsyncRead>(
        &mut self,
        mut stream: Pin<&mut S>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.state == GateState::Closed {
            let mut piece = [0; 1024];
            let mut read = ReadBuf::new(&mut piece);
            ready!(stream.as_mut().poll_read(cx, &mut read))?;
            self.buffered.extend_from_slice(read.filled());
            if read.filled().is_empty() || !is_part_of_head(&self.buffered) {
                self.state = GateState::Opening;
            }
        }
        if self.state == GateState::Open {
            return stream.poll_read(cx, into);
        }
        let count = into.remaining().min(self.buffered.len());
        into.put_slice(self.buffered.get(..count).unwrap_or_default());
        self.buffered.drain(..count);
        if self.buffered.is_empty() {
            self.buffered = Vec::new();
            self.state = GateState::Open;
        }
        Poll::Ready(Ok(()))
    }
}

/// Whether the bytes may still become a head. HTTP/2's preface counts as a head.
fn is_part_of_head(bytes: &[u8]) -> bool {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    if PREFACE.starts_with(bytes) {
        return bytes.len() < PREFACE.len();
    }
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let parsed = httparse::Request::new(&mut headers).parse(bytes);
    bytes.len() < MAX_BUFFERED && parsed.is_ok_and(|parsed| parsed.is_partial())
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

    /// Half a head is buffered; a whole one, or bytes that cannot become one, are handed on.
    #[test]
    fn half_heads_are_buffered() {
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
        let long = [&b"GET / HTTP/1.1\r\nx: "[..], &[b'x'; MAX_BUFFERED]].concat();
        assert!(is_part_of_head(&long[..MAX_BUFFERED - 1]));
        assert!(!is_part_of_head(&long[..MAX_BUFFERED]));
        let many = format!("GET / HTTP/1.1\r\n{}", "x: y\r\n".repeat(MAX_HEADERS + 1));
        assert!(!is_part_of_head(many.as_bytes()));
    }

    /// Every byte arrives, however the input is cut and read, and wherever the client stops.
    #[tokio::test]
    async fn every_byte_is_handed_on() {
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
