use std::net::{IpAddr, SocketAddr};

/// Parses an address as proxies write it: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or
/// `[2001:db8::1]:80`. Returns `None` for anything else, such as `unknown`. An address without a port gets port 0.
pub(super) fn parse(text: &str) -> Option<SocketAddr> {
    let text = text.trim_matches([' ', '\t']);
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .filter(|text| text.contains(':'));
    let address = match bare.unwrap_or(text).parse::<IpAddr>() {
        Ok(address) => SocketAddr::new(address, 0),
        // A zone means something on the proxy's machine only.
        Err(_) if text.contains('%') => return None,
        Err(_) => text.parse().ok()?,
    };
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}
