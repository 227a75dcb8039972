//! Uses std's sockets, which the host does not provide.

use std::io;
use std::net::{TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};

use functions_guest_web::{WebResponse, WebResult};

use crate::text;

pub(crate) fn sockets(address: &str) -> WebResult<WebResponse> {
    let udp = UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.send_to(b"x", address));
    text(format!(
        "tcp: {}, udp: {}, listen: {}, name: {}",
        outcome(TcpStream::connect(address)),
        outcome(udp),
        outcome(TcpListener::bind("127.0.0.1:0")),
        outcome("localhost:80".to_socket_addrs()),
    ))
}

fn outcome<T>(result: io::Result<T>) -> &'static str {
    result.map_or("refused", |_| "reached")
}
