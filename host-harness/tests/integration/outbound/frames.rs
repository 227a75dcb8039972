//! An HTTP/2 server of which a test controls every frame.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::server::Upstream;
use test_support::tls::{Authority, about};

/// The server's name.
pub(super) const NAME: &str = "frames.test";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// The flag of an acknowledged SETTINGS or PING frame.
const ACK: u8 = 1;

/// `:status: 200` in HPACK.
const STATUS_200: u8 = 0x88;

const REFUSED_STREAM: u32 = 7;

/// A server that runs a function for each connection after its setup.
pub(super) async fn serve<F>(
    authority: &Authority,
    connection: impl Fn(Frames) -> F + Clone + Send + Sync + 'static,
) -> Upstream
where
    F: Future<Output = ()> + Send + 'static,
{
    let acceptor = authority.certify(about(&[NAME])).server(&["h2"]);
    Upstream::raw(move |stream| {
        let (acceptor, connection) = (acceptor.clone(), connection.clone());
        async move { connection(Frames::accept(&acceptor, stream).await).await }
    })
    .await
}

/// The server's end of a connection.
pub(super) struct Frames {
    stream: TlsStream<TcpStream>,
}

impl Frames {
    async fn accept(acceptor: &TlsAcceptor, stream: TcpStream) -> Self {
        let mut stream = acceptor.accept(stream).await.unwrap();
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await.unwrap();
        let mut frames = Self { stream };
        frames.send(SETTINGS, 0, 0, &[]).await;
        frames
    }

    async fn send(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(id.to_be_bytes());
        frame.extend(payload);
        // A client whose connection was cut does not receive it.
        let _ = self.stream.write_all(&frame).await;
        let _ = self.stream.flush().await;
    }

    /// The stream of the next complete request; `None` if the client has disconnected.
    pub(super) async fn request(&mut self) -> Option<u32> {
        loop {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).await.ok()?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            self.stream.read_exact(&mut payload).await.ok()?;
            let (kind, flags) = (head[3], head[4]);
            match kind {
                SETTINGS if flags & ACK == 0 => self.send(SETTINGS, ACK, 0, &[]).await,
                HEADERS | DATA if flags & END_STREAM != 0 => {
                    return Some(u32::from_be_bytes(head[5..].try_into().unwrap()));
                }
                _ => {}
            }
        }
    }

    /// Answers 200 without a body.
    pub(super) async fn answer(&mut self, id: u32) {
        self.send(HEADERS, END_HEADERS | END_STREAM, id, &[STATUS_200])
            .await;
    }

    pub(super) async fn refuse(&mut self, id: u32) {
        self.send(RST_STREAM, 0, id, &REFUSED_STREAM.to_be_bytes())
            .await;
    }

    pub(super) async fn reset(&mut self, id: u32, reason: u32) {
        self.send(RST_STREAM, 0, id, &reason.to_be_bytes()).await;
    }

    /// Sends a GOAWAY with the last stream and the error.
    pub(super) async fn go_away(&mut self, last: u32, reason: u32) {
        let mut payload = last.to_be_bytes().to_vec();
        payload.extend(reason.to_be_bytes());
        self.send(GOAWAY, 0, 0, &payload).await;
    }

    /// Closes the connection after everything that was sent has arrived.
    pub(super) async fn close(mut self) {
        let _ = self.stream.shutdown().await;
    }
}
