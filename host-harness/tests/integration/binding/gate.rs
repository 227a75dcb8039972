use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinHandle;

use test_support::soon;

/// A server that holds functions until a test releases them, so that the test decides the order without a
/// clock.
pub(super) struct Gate {
    pub(super) address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

/// The number of arrivals of each name.
struct State {
    arrived: Semaphore,
    open: Semaphore,
    gone: Semaphore,
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Gate {
    pub(super) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            arrived: Semaphore::new(0),
            open: Semaphore::new(0),
            gone: Semaphore::new(0),
        });
        let of_all = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(wait(stream, Arc::clone(&of_all)));
            }
        });
        Self {
            address,
            state,
            accepting,
        }
    }

    /// A path of `calls-out` that answers `open` when the gate releases it.
    pub(super) fn path(&self) -> String {
        format!("calls-out/text?url=http://{}/", self.address)
    }

    /// Waits until this number of functions wait here.
    pub(super) async fn arrived(&self, count: u32) {
        let all = soon(self.state.arrived.acquire_many(count)).await;
        all.unwrap().forget();
    }

    /// Whether a function arrived here; each arrival counts once.
    pub(super) fn has_arrived(&self) -> bool {
        let arrived = self.state.arrived.try_acquire();
        arrived.map(SemaphorePermit::forget).is_ok()
    }

    /// Releases this number of functions.
    pub(super) fn open(&self, count: usize) {
        self.state.open.add_permits(count);
    }

    /// Waits until a function disconnected without being released.
    pub(super) async fn gone(&self) {
        soon(self.state.gone.acquire()).await.unwrap().forget();
    }
}

async fn wait(mut stream: TcpStream, state: Arc<State>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    state.arrived.add_permits(1);
    tokio::select! {
        open = state.open.acquire() => {
            open.unwrap().forget();
            let open = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nopen";
            let _ = stream.write_all(open).await;
        }
        _ = stream.read_u8() => state.gone.add_permits(1),
    }
}
