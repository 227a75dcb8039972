//! A connection's socket, watched for its end while hyper reads and writes it.

mod bulk;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
mod turn;

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use super::gather::{MAX_GATHERED, gathered};
use bulk::Bulk;
use turn::{Pieces, TURN};

/// A TCP stream with several owners: hyper keeps its own to itself.
#[derive(Clone)]
pub(super) struct Socket(Arc<SocketInner>);

struct SocketInner {
    stream: TcpStream,
    end: AtomicU8,
    /// Whether the last write took a whole turn.
    had_turn: AtomicBool,
    bulk: Bulk,
}

/// Ending the connection says that the response is whole.
const ENDS: u8 = 0;
/// The response is not whole yet: any end of the connection resets it.
const RESETS: u8 = 1;
/// The response has become whole: shutting the socket down ends it instead of resetting it.
const WHOLE: u8 = 2;

impl Socket {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self(Arc::new(SocketInner {
            stream,
            end: AtomicU8::new(ENDS),
            had_turn: AtomicBool::new(false),
            bulk: Bulk::default(),
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

    /// Whether a bulk transfer has begun since the last call of [`clear_transfer`](Self::clear_transfer).
    pub(super) fn has_begun_transfer(&self) -> bool {
        self.0.bulk.has_begun()
    }

    pub(super) fn clear_transfer(&self) {
        self.0.bulk.clear();
    }

    /// Whether a bulk transfer is going on.
    pub(super) fn is_in_transfer(&self) -> bool {
        self.0.bulk.is_on()
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
        let written = self.poll_io(Interest::WRITABLE, ready, length, write);
        if let Poll::Ready(Ok(count)) = written {
            self.0.bulk.add(count);
        }
        written
    }

    /// The same for up to a turn, behind the other connections if the last write was one.
    fn poll_turn(
        &self,
        cx: &mut Context<'_>,
        length: usize,
        write: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        // One task writes.
        if self.0.had_turn.swap(false, Ordering::Relaxed) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let written = self.poll_write_with(cx, length, write);
        // Otherwise the kernel has no room, so that the next one waits anyway, or the pieces are short.
        let is_whole = matches!(written, Poll::Ready(Ok(TURN)));
        self.0.had_turn.store(is_whole, Ordering::Relaxed);
        written
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
        match bytes.get(..TURN) {
            Some(bytes) => self.poll_turn(cx, TURN, || self.0.stream.try_write(bytes)),
            None => self.poll_write_with(cx, bytes.len(), || self.0.stream.try_write(bytes)),
        }
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
        if length < TURN {
            return self.poll_write_with(cx, length, || self.0.stream.try_write_vectored(pieces));
        }
        let first = Pieces::first(pieces);
        let write = || self.0.stream.try_write_vectored(first.slices());
        self.poll_turn(cx, first.length(), write)
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
