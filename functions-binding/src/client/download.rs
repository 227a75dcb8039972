use std::pin::Pin;
use std::task::{Context, Poll, ready};

use functions_bytes::__private::Arrival;
use functions_bytes::ReadError;
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

/// The body of a response, as it comes.
pub(super) struct Download {
    /// None once it is over.
    incoming: Option<Incoming>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Download {
    /// Within the runtime, which watches the time.
    pub(super) fn new(incoming: Incoming, deadline: Option<Instant>) -> Self {
        Self {
            incoming: Some(incoming),
            deadline: deadline.map(|deadline| Box::pin(sleep_until(deadline))),
        }
    }
}

impl Arrival for Download {
    fn length(&self) -> Option<u64> {
        let incoming = self.incoming.as_ref();
        incoming.map_or(Some(0), |incoming| incoming.size_hint().exact())
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, ReadError>> {
        // First: one that never pauses is to end as well.
        let is_late = |deadline: &Pin<Box<Sleep>>| deadline.deadline() <= Instant::now();
        if self.incoming.is_some() && self.deadline.as_ref().is_some_and(is_late) {
            self.incoming = None;
            return Poll::Ready(Err(ReadError::Closed));
        }
        while let Some(incoming) = &mut self.incoming {
            let frame = match Pin::new(incoming).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    let Some(deadline) = &mut self.deadline else {
                        return Poll::Pending;
                    };
                    ready!(deadline.as_mut().poll(cx));
                    self.incoming = None;
                    return Poll::Ready(Err(ReadError::Closed));
                }
            };
            match frame {
                Some(Ok(frame)) => {
                    let bytes = frame.into_data().unwrap_or_default();
                    if !bytes.is_empty() {
                        return Poll::Ready(Ok(Some(bytes.into())));
                    }
                }
                Some(Err(_)) => {
                    self.incoming = None;
                    return Poll::Ready(Err(ReadError::Closed));
                }
                None => self.incoming = None,
            }
        }
        Poll::Ready(Ok(None))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::time::{Duration, Instant};

    use functions_bytes::ReadError;

    use crate::Call;

    /// The time is up for a body of which there is always more, too.
    #[test]
    fn what_never_pauses_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while stream.write_all(&[0; 1024]).is_ok() {}
        });
        let timeout = Duration::from_millis(500);
        let end = Instant::now() + 2 * timeout;
        let response = Call::get("f", "/").at(&url).timeout(timeout).wait();
        let mut reader = response.unwrap().body.into_reader();
        std::thread::sleep(end.saturating_duration_since(Instant::now()));
        let closed = ReadError::Upstream(Box::new(ReadError::Closed));
        assert_eq!(reader.chunk(1), Err(closed));
        drop(reader);
        server.join().unwrap();
    }
}
