//! Connections byte by byte.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::soon;

/// The connection preface of HTTP/2.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// An empty SETTINGS frame.
pub const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

/// HEADERS without END_HEADERS, with only the method GET.
pub const HALF_HEADERS: &[u8] = b"\0\0\x01\x01\0\0\0\0\x01\x82";

/// A PING without ACK.
pub const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0pingping";

/// A GET with the authority `x`, on a stream.
pub fn get(stream: u8, path: &str) -> Vec<u8> {
    let block = [
        b"\x82\x86\x04",
        &[path.len() as u8][..],
        path.as_bytes(),
        b"\x01\x01x",
    ]
    .concat();
    let mut frame = vec![0, 0, block.len() as u8, 1, 5, 0, 0, 0, stream];
    frame.extend_from_slice(&block);
    frame
}

/// One connection.
pub struct Wire(pub TcpStream);

impl Wire {
    pub async fn to(server: SocketAddr) -> Self {
        Self(TcpStream::connect(server).await.unwrap())
    }

    /// Opens a connection, and sends these bytes.
    pub async fn saying(server: SocketAddr, bytes: impl AsRef<[u8]>) -> Self {
        let mut wire = Self::to(server).await;
        wire.say(bytes).await;
        wire
    }

    pub async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        soon(self.0.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Reads until the received bytes end with these, or the connection ends.
    pub async fn until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            assert_ne!(
                soon(self.0.read_buf(&mut read)).await.unwrap(),
                0,
                "{}",
                String::from_utf8_lossy(&read)
            );
        }
        String::from_utf8(read).unwrap()
    }

    /// Reads until the received bytes contain these; returns whether they came before the end.
    pub async fn until_bytes(&mut self, bytes: &[u8]) -> bool {
        let mut read = Vec::new();
        while !read.windows(bytes.len()).any(|part| part == bytes) {
            match soon(self.0.read_buf(&mut read)).await {
                Ok(0) | Err(_) => return false,
                Ok(_) => {}
            }
        }
        true
    }

    /// Reads to the end; returns the bytes and the kind of the end.
    pub async fn rest(&mut self) -> (Vec<u8>, io::Result<()>) {
        let mut read = Vec::new();
        let end = soon(self.0.read_to_end(&mut read)).await;
        (read, end.map(drop))
    }

    /// Reads to the end of a connection that ends correctly.
    pub async fn text(&mut self) -> String {
        let (read, end) = self.rest().await;
        end.unwrap();
        String::from_utf8(read).unwrap()
    }
}
