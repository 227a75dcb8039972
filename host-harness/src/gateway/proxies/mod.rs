//! What reverse proxies say about the clients whose requests they pass on.
//!
//! Any client can send such headers. So only those of a trusted proxy count, and only as far as trusted
//! proxies wrote them: from the right.

mod forwarded;
mod node;
mod request_id;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where a request comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The client's address; port 0 stands for an unknown one.
    pub(crate) peer: Option<SocketAddr>,
    /// The id that a trusted proxy gave the request.
    pub(crate) request_id: Option<Arc<str>>,
}

impl Origin {
    /// A request whose proxies are not believed, or that has passed none.
    pub(super) fn of_peer(peer: SocketAddr) -> Self {
        Self {
            peer: Some(peer),
            request_id: None,
        }
    }

    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

/// The networks of proxies whose headers are believed.
#[derive(Debug)]
pub(crate) struct TrustedProxies(Box<[IpNet]>);

/// A header names something that is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NoAddress;

impl TrustedProxies {
    /// Parses networks and addresses. Without any it returns `None`, and then no header is read.
    pub(crate) fn parse(networks: &[String]) -> Result<Option<Self>, String> {
        let networks = networks.iter().map(|text| network(text));
        let networks: Box<[_]> = networks.collect::<Result<_, _>>()?;
        Ok((!networks.is_empty()).then_some(Self(networks)))
    }

    /// Where a request with these headers comes from, which arrived from `peer`.
    pub(super) fn origin(&self, peer: SocketAddr, headers: &HeaderMap) -> Origin {
        if !self.trusts(peer.ip()) {
            return Origin::of_peer(peer);
        }
        Origin {
            peer: Some(self.client(headers).unwrap_or(peer)),
            request_id: request_id::of(headers),
        }
    }

    /// The address of the client of a request with these headers, which arrived from `peer`.
    pub(crate) fn client_address(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        self.origin(peer, headers).peer.unwrap_or(peer)
    }

    /// The client's address, if the headers have it without doubt.
    ///
    /// A proxy maintains one of the headers, and passes on what a client puts into the other. So two
    /// that disagree say nothing.
    fn client(&self, headers: &HeaderMap) -> Option<SocketAddr> {
        let forwarded = headers.get_all(FORWARDED).iter().rev();
        let forwarded = forwarded.flat_map(|value| {
            let nodes = value.to_str().ok().and_then(forwarded::nodes);
            nodes.unwrap_or_else(|| vec![None]).into_iter().rev()
        });
        let for_header = headers.get_all(X_FORWARDED_FOR).iter().rev();
        let for_header = for_header.flat_map(|value| {
            let nodes = value.as_bytes().rsplit(|byte| *byte == b',');
            nodes.map(|node| node::parse(std::str::from_utf8(node).ok()?))
        });
        let one = self.nearest(forwarded).ok()?;
        let other = self.nearest(for_header).ok()?;
        match (one, other) {
            (Some(one), Some(other)) if one.ip() != other.ip() => None,
            // Only one of them may have the port.
            (Some(one), Some(other)) => Some(if one.port() == 0 { other } else { one }),
            (one, other) => one.or(other),
        }
    }

    /// The first address, from the right, that is not a trusted proxy's; else the last one.
    fn nearest(
        &self,
        nodes: impl Iterator<Item = Option<SocketAddr>>,
    ) -> Result<Option<SocketAddr>, NoAddress> {
        let mut nearest = None;
        for node in nodes {
            let node = node.ok_or(NoAddress)?;
            nearest = Some(node);
            if !self.trusts(node.ip()) {
                break;
            }
        }
        Ok(nearest)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Parses `ADDRESS/BITS`, or the address of one proxy.
fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpNet>().ok();
    let network = network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    network.ok_or_else(|| {
        format!(
            "invalid network in --trusted-proxy {text:?}: expected ADDRESS or ADDRESS/BITS, such as \
             127.0.0.1 or 10.0.0.0/8"
        )
    })
}
