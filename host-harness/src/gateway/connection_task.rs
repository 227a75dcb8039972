//! Moves bulk transfers away from short requests.
//!
//! A thread that writes megabytes to a fast client does little else meanwhile, and the system's scheduler then takes it
//! for one that computes: it has to wait for its next turn like any other, and so do the short requests of all its
//! connections. So a connection in a bulk transfer leaves the runtime's threads, and continues on those of lower
//! priority, as an invocation does that computes for long.

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, ready};

use async_task::FallibleTask;

use super::socket::Socket;
use crate::engine::{background, contention};
use crate::pool::Owner;

/// All transfers share the background with functions as one of these, and take turns.
static TRANSFERS: LazyLock<Owner> = LazyLock::new(Owner::new);

/// A connection, wherever it is.
pub(super) struct ConnectionTask<F> {
    socket: Socket,
    location: Location<F>,
}

enum Location<F> {
    /// In the task that polls this.
    Here(Pin<Box<F>>),
    /// On the background threads, until it has ended or its transfer has.
    Background(FallibleTask<Option<Pin<Box<F>>>>),
    /// Being moved.
    Taken,
}

impl<F: Future<Output = ()> + Send + 'static> ConnectionTask<F> {
    pub(super) fn new(socket: Socket, connection: F) -> Self {
        Self {
            socket,
            location: Location::Here(Box::pin(connection)),
        }
    }

    /// Continues in the background, if that is possible.
    #[cold]
    fn go_to_background(&mut self) {
        let Location::Here(connection) = std::mem::replace(&mut self.location, Location::Taken)
        else {
            return;
        };
        self.socket.clear_transfer();
        let transfer = Transfer {
            socket: self.socket.clone(),
            connection: Some(connection),
        };
        self.location = match background::run(*TRANSFERS, transfer) {
            Ok(task) => Location::Background(task),
            Err(transfer) => transfer.connection.map_or(Location::Taken, Location::Here),
        };
    }
}

impl<F: Future<Output = ()> + Send + 'static> Future for ConnectionTask<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            match &mut this.location {
                Location::Here(connection) => {
                    let polled = connection.as_mut().poll(cx);
                    let goes = polled.is_pending() && this.socket.has_begun_transfer();
                    // A lone function's transfer is in nobody's way.
                    if !goes || !contention::is_on() {
                        return polled;
                    }
                    this.go_to_background();
                    if let Location::Here(_) = this.location {
                        return polled;
                    }
                }
                Location::Background(task) => {
                    // It has none either if the connection panicked.
                    match ready!(Pin::new(task).poll(cx)).flatten() {
                        Some(connection) => this.location = Location::Here(connection),
                        None => return Poll::Ready(()),
                    }
                }
                Location::Taken => return Poll::Ready(()),
            }
        }
    }
}

/// A connection during a transfer. Resolves to the connection once the transfer is over, and to nothing if the
/// connection has ended.
struct Transfer<F> {
    socket: Socket,
    connection: Option<Pin<Box<F>>>,
}

impl<F: Future<Output = ()>> Future for Transfer<F> {
    type Output = Option<Pin<Box<F>>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        // Before anything else, so that what comes after a transfer runs where it belongs.
        if !this.socket.is_in_transfer() {
            return Poll::Ready(this.connection.take());
        }
        match &mut this.connection {
            Some(connection) => connection.as_mut().poll(cx).map(|()| None),
            None => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::io::Read as _;
    use std::time::Duration;

    use tokio::io::AsyncWriteExt as _;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::engine::background::is_background_thread;

    /// A socket whose client takes whatever comes, of a host with several functions.
    async fn taken() -> Socket {
        for _ in 0..2 {
            contention::begin(Owner::new());
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (stream, _) = listener.accept().await.unwrap();
        let mut client = client.unwrap().into_std().unwrap();
        client.set_nonblocking(false).unwrap();
        std::thread::spawn(move || {
            let mut bytes = vec![0; 1 << 20];
            while client.read(&mut bytes).is_ok_and(|count| count > 0) {}
        });
        Socket::new(stream)
    }

    /// Writes until this runs in the background.
    async fn transfer(mut socket: Socket) {
        let bytes = vec![7; 4 << 20];
        while !is_background_thread() {
            socket.write_all(&bytes).await.unwrap();
            tokio::task::yield_now().await;
        }
    }

    /// A connection leaves the runtime's threads for each transfer, and comes back after it. Its timers still belong
    /// to the runtime.
    #[tokio::test]
    async fn transfers_run_in_the_background() {
        let socket = taken().await;
        let writing = socket.clone();
        let connection = async move {
            for _ in 0..3 {
                assert!(!is_background_thread());
                transfer(writing.clone()).await;
                while is_background_thread() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        };
        ConnectionTask::new(socket, connection).await;
    }

    /// A panic ends the connection wherever it is, and so does its end.
    #[tokio::test]
    async fn connections_end_in_the_background() {
        for panics in [false, true] {
            let socket = taken().await;
            let writing = socket.clone();
            let connection = async move {
                transfer(writing).await;
                assert!(!panics, "on purpose");
            };
            ConnectionTask::new(socket, connection).await;
        }
    }

    /// A connection ends when its task is dropped.
    #[tokio::test]
    async fn dropped_connections_end() {
        let socket = taken().await;
        let writing = socket.clone();
        let (mut tell, told) = tokio::io::duplex(1);
        let connection = async move {
            transfer(writing).await;
            let _ = tell.write_all(b"x").await;
            std::future::pending::<()>().await;
        };
        let mut told = told;
        let mut task = Box::pin(ConnectionTask::new(socket, connection));
        let mut byte = [0];
        tokio::select! {
            () = &mut task => panic!("it ended by itself"),
            read = tokio::io::AsyncReadExt::read_exact(&mut told, &mut byte) => read.map(drop).unwrap(),
        }
        drop(task);
        let read = tokio::io::AsyncReadExt::read(&mut told, &mut byte).await;
        assert_eq!(read.unwrap(), 0);
    }
}
