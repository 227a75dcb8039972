//! A connection's socket, watched for its end while hyper reads and writes it.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use super::gather::{MAX_GATHERED, gathered};

/// A TCP stream with several owners: hyper keeps its own to itself.
#[derive(Clone)]
pub(super) struct Socket(Arc<Inner>);

struct Inner {
    stream: TcpStream,
    end: AtomicU8,
}

/// Ending the connection says that the response is whole.
const ENDS: u8 = 0;
/// The response is not whole yet: any end of the connection resets it.
const RESETS: u8 = 1;
/// The response has become whole: shutting the socket down ends it instead of resetting it.
const WHOLE: u8 = 2;

impl Socket {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self(Arc::new(Inner {
            stream,
            end: AtomicU8::new(ENDS),
        }))
    }

    /// Resets the connection when it ends, unless [`set_whole`](Self::set_whole) is called and the
    /// socket is shut down before.
    pub(super) fn reset_unless_whole(&self) -> io::Result<()> {
        self.0.end.store(RESETS, Ordering::SeqCst);
        self.set_linger(Some(Duration::ZERO))
    }

    pub(super) fn set_whole(&self) {
        self.0.end.store(WHOLE, Ordering::SeqCst);
    }

    fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        SockRef::from(&self.0.stream).set_linger(linger)
    }

    /// Waits until the client has closed its side, even if some of its bytes are unread. Reading
    /// reports the close only after the last byte.
    #[cfg(target_os = "linux")]
    pub(super) async fn closed(&self) {
        // Watches for urgent data too, which no client sends.
        while let Ok(ready) = self.0.stream.ready(Interest::PRIORITY).await {
            if ready.is_read_closed() {
                return;
            }
            let _ = self.0.stream.try_io(Interest::PRIORITY, || {
                Err::<(), _>(io::ErrorKind::WouldBlock.into())
            });
        }
    }

    /// Other systems report the close only after the last byte: never resolves.
    #[cfg(not(target_os = "linux"))]
    pub(super) async fn closed(&self) {
        std::future::pending().await
    }

    /// Runs `io`, which reads or writes up to `room` bytes, once the socket is ready.
    ///
    /// A count below `room` means that the kernel has no more. The next try then waits for readiness
    /// instead of making a syscall in vain, as tokio's own streams do.
    fn poll_io(
        &self,
        interest: Interest,
        mut ready: impl FnMut() -> Poll<io::Result<()>>,
        room: usize,
        mut io: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(ready())?;
            let mut done = None;
            let tried = self.0.stream.try_io(interest, || {
                let count = io()?;
                done = Some(count);
                if 0 < count && count < room {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Ok(())
            });
            match (done, tried) {
                (Some(count), _) => return Poll::Ready(Ok(count)),
                (None, Err(error)) if error.kind() != io::ErrorKind::WouldBlock => {
                    return Poll::Ready(Err(error));
                }
                // A false readiness: wait again.
                (None, _) => {}
            }
        }
    }

    fn poll_write_with(
        &self,
        cx: &mut Context<'_>,
        length: usize,
        write: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let ready = || self.0.stream.poll_write_ready(cx);
        self.poll_io(Interest::WRITABLE, ready, length, write)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = into.remaining();
        let ready = || self.0.stream.poll_read_ready(cx);
        let read = || self.0.stream.try_read_buf(into);
        self.poll_io(Interest::READABLE, ready, room, read)
            .map_ok(drop)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, bytes.len(), || self.0.stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = pieces.iter().map(|piece| piece.len()).sum();
        if length <= MAX_GATHERED {
            return gathered(pieces, |bytes| self.poll_write(cx, bytes));
        }
        self.poll_write_with(cx, length, || self.0.stream.try_write_vectored(pieces))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// hyper calls this where a connection ends in order, and not where it breaks off.
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.0.end.load(Ordering::SeqCst) {
            RESETS => return Poll::Ready(Ok(())),
            WHOLE => self.set_linger(None)?,
            _ => {}
        }
        match SockRef::from(&self.0.stream).shutdown(Shutdown::Write) {
            // The client has ended the connection already.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            ended => Poll::Ready(ended),
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (stream, _) = listener.accept().await.unwrap();
        (Socket::new(stream), other.unwrap())
    }

    /// A client's close is noticed before its unread bytes, which can still be read.
    #[tokio::test]
    async fn close_is_noticed_before_unread_bytes() {
        let (mut socket, mut other) = pair().await;
        let watched = socket.clone();
        other.write_all(b"unread").await.unwrap();
        let mut first = [0];
        socket.read_exact(&mut first).await.unwrap();
        let mut closed = Box::pin(watched.closed());
        assert!((&mut closed).now_or_never().is_none());
        drop(other);
        closed.await;
        let mut rest = String::new();
        socket.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "nread");
    }

    /// Bytes that do not fit into one read or write arrive in full, in either direction.
    #[tokio::test]
    async fn long_transfers_arrive_in_full() {
        const LENGTH: usize = 8 * 1024 * 1024;
        let (mut socket, mut other) = pair().await;
        for vectored in [false, true] {
            let sent: Vec<u8> = (0..=255).cycle().take(LENGTH).collect();
            let mut arrived = vec![0; LENGTH];
            let writing = async {
                let mut left = &sent[..];
                while !left.is_empty() && vectored {
                    let (one, two) = left.split_at(left.len() / 2);
                    let pieces = [io::IoSlice::new(one), io::IoSlice::new(two)];
                    let count = socket.write_vectored(&pieces).await.unwrap();
                    left = &left[count..];
                }
                socket.write_all(left).await.unwrap();
            };
            let reading = other.read_exact(&mut arrived);
            let ((), read) = tokio::join!(writing, reading);
            read.unwrap();
            assert!(arrived == sent);
            let writing = other.write_all(&sent);
            let mut back = vec![0; LENGTH];
            let (written, read) = tokio::join!(writing, socket.read_exact(&mut back));
            written.unwrap();
            read.unwrap();
            assert!(back == sent);
        }
    }
}
