use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::egress::Denied;

/// How long resolving a name, connecting and the TLS handshake may take together.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a connection failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("{host:?} has no address: {source}")]
    Dns { host: String, source: io::Error },
    #[error("cannot connect to {address}: {source}")]
    Refused {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("this host has no local port left for a connection to {0}")]
    NoPort(SocketAddr),
    #[error("no connection within {CONNECT_TIMEOUT:?}")]
    Timeout,
}

impl ConnectError {
    pub(super) fn to(address: SocketAddr, source: io::Error) -> Self {
        // The system's own text would blame the server's address.
        if source.kind() == io::ErrorKind::AddrNotAvailable {
            return Self::NoPort(address);
        }
        Self::Refused { address, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host that has used up its own ports reports that, and does not blame the server.
    #[test]
    fn missing_local_port_is_reported_as_the_hosts() {
        let error = io::Error::from(io::ErrorKind::AddrNotAvailable);
        let error = ConnectError::to("1.1.1.1:80".parse().unwrap(), error);
        let expected = "this host has no local port left for a connection to 1.1.1.1:80";
        assert_eq!(error.to_string(), expected);
    }
}
