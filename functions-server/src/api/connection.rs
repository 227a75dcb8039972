use std::net::SocketAddr;

/// The connection of a request, as an extension of the request.
///
/// A server of one's own around [`Server::management_router`](crate::Server::management_router) adds it:
/// without a token, the API answers loopback clients only.
#[derive(Debug, Clone, Copy)]
pub struct Connection {
    /// The client's address.
    pub peer: SocketAddr,
    /// The address that the client connected to.
    pub local: SocketAddr,
}
