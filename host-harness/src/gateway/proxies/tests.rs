use http::HeaderValue;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const PROXY: &str = "10.0.0.1:4711";

fn proxies() -> TrustedProxies {
    let networks = ["10.1.2.3/8", "127.0.0.1", "fd00::/8"].map(String::from);
    TrustedProxies::parse(&networks).unwrap().unwrap()
}

fn headers(given: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

/// The client's address of a request with these headers from `peer`.
fn client(peer: &str, given: &[(&'static str, &str)]) -> String {
    let origin = proxies().origin(peer.parse().unwrap(), &headers(given));
    origin.peer.unwrap().to_string()
}

/// The right-most address that is not a trusted proxy's counts; what is left of it may be forged.
#[test]
fn nearest_untrusted_address_is_the_client() {
    const FOR: &str = "x-forwarded-for";
    const FORWARDED: &str = "forwarded";
    for (given, expected) in [
        (&[][..], PROXY),
        (&[(FOR, "192.0.2.1")], "192.0.2.1:0"),
        (&[(FOR, "192.0.2.1:99")], "192.0.2.1:99"),
        (&[(FOR, "2001:db8::1")], "[2001:db8::1]:0"),
        (&[(FOR, "[2001:db8::1]:99")], "[2001:db8::1]:99"),
        (&[(FOR, "::ffff:192.0.2.1")], "192.0.2.1:0"),
        (
            &[(FOR, "198.51.100.9, 192.0.2.1,10.2.3.4 , fd00::7")],
            "192.0.2.1:0",
        ),
        (
            &[(FOR, "198.51.100.9"), (FOR, "192.0.2.1"), (FOR, "10.2.3.4")],
            "192.0.2.1:0",
        ),
        (&[(FOR, "nonsense, 192.0.2.1")], "192.0.2.1:0"),
        (&[(FOR, "10.3.0.1, 10.2.0.1")], "10.3.0.1:0"),
        (&[(FOR, "192.0.2.1, unknown")], PROXY),
        (&[(FOR, "192.0.2.1, nonsense, 10.2.0.1")], PROXY),
        (&[(FOR, "192.0.2.1,")], PROXY),
        (&[(FOR, "")], PROXY),
        (&[(FOR, "192.0.2.1, fe80::1%eth0")], PROXY),
        (&[(FOR, "192.0.2.1, [fe80::1%1]:80")], PROXY),
        (&[(FOR, "192.0.2.1, é")], PROXY),
        (&[(FOR, "é, 192.0.2.1")], "192.0.2.1:0"),
        (&[(FOR, "192.0.2.256")], PROXY),
        (&[(FOR, "[192.0.2.1]")], PROXY),
        (&[(FOR, "192.0.2.1:65536")], PROXY),
        (&[(FORWARDED, "for=192.0.2.1")], "192.0.2.1:0"),
        (
            &[(FORWARDED, "For=\"192.0.2.1:99\";proto=https; by=10.0.0.1")],
            "192.0.2.1:99",
        ),
        (
            &[(FORWARDED, "proto=http ;for=\"[2001:db8::1]\"")],
            "[2001:db8::1]:0",
        ),
        (
            &[(FORWARDED, "for=\"[2001:db8::1]:_port\"")],
            "[2001:db8::1]:0",
        ),
        (&[(FORWARDED, "for=\"192.0.2.1\\:99\"")], "192.0.2.1:99"),
        (
            &[(
                FORWARDED,
                "for=198.51.100.9, for=192.0.2.1;host=\"a,b;c\", , for=10.2.0.1",
            )],
            "192.0.2.1:0",
        ),
        (
            &[
                (FORWARDED, "for=198.51.100.9"),
                (FORWARDED, "for=192.0.2.1"),
            ],
            "192.0.2.1:0",
        ),
        (
            &[(FORWARDED, "\"malformed"), (FORWARDED, "for=192.0.2.1")],
            "192.0.2.1:0",
        ),
        (&[(FORWARDED, "")], PROXY),
        (&[(FORWARDED, "for=192.0.2.1, for=unknown")], PROXY),
        (&[(FORWARDED, "for=192.0.2.1, for=_hidden")], PROXY),
        (&[(FORWARDED, "for=192.0.2.1, proto=http")], PROXY),
        (&[(FORWARDED, "for=192.0.2.1;for=192.0.2.1")], PROXY),
        (&[(FORWARDED, "for=192.0.2.1:99")], PROXY),
        (&[(FORWARDED, "for=\"192.0.2.1")], PROXY),
        (&[(FORWARDED, "for = 192.0.2.1")], PROXY),
        (&[(FORWARDED, "192.0.2.1")], PROXY),
        (&[(FORWARDED, "for=192.0.2.1 for=192.0.2.2")], PROXY),
        // A client can send the header that its proxy does not maintain.
        (&[(FORWARDED, "for=192.0.2.9"), (FOR, "192.0.2.1")], PROXY),
        (&[(FORWARDED, "nonsense"), (FOR, "192.0.2.1")], PROXY),
        (
            &[(FORWARDED, "for=\"192.0.2.1:99\""), (FOR, "192.0.2.1")],
            "192.0.2.1:99",
        ),
        (
            &[(FORWARDED, "for=192.0.2.1"), (FOR, "192.0.2.1:99")],
            "192.0.2.1:99",
        ),
    ] {
        assert_eq!(client(PROXY, given), expected, "{given:?}");
    }
}

/// Only the headers of trusted proxies count, also if the socket shows them as IPv6 addresses.
#[test]
fn untrusted_peers_are_not_believed() {
    let given = [("x-forwarded-for", "192.0.2.1"), ("x-request-id", "abc")];
    for (peer, is_trusted) in [
        ("10.255.0.1:1", true),
        ("[::ffff:10.0.0.1]:1", true),
        ("127.0.0.1:1", true),
        ("[fd12::1]:1", true),
        ("127.0.0.2:1", false),
        ("11.0.0.1:1", false),
        ("[fe00::1]:1", false),
        ("[::1]:1", false),
    ] {
        let peer: SocketAddr = peer.parse().unwrap();
        let origin = proxies().origin(peer, &headers(&given));
        let (address, id) = match is_trusted {
            true => ("192.0.2.1:0".parse().unwrap(), Some("abc")),
            false => (peer, None),
        };
        assert_eq!(origin.peer, Some(address), "{peer}");
        assert_eq!(origin.request_id.as_deref(), id, "{peer}");
    }
}

/// Networks and single addresses are parsed; everything else is refused with what is expected.
#[test]
fn networks_are_parsed() {
    let parse = |texts: &[&str]| {
        let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
        TrustedProxies::parse(&texts)
    };
    assert!(parse(&[]).unwrap().is_none());
    assert!(
        parse(&["::1", "0.0.0.0/0", "10.0.0.0/8"])
            .unwrap()
            .is_some()
    );
    for text in [
        "",
        "localhost",
        "10.0.0.0/33",
        "10.0.0/8",
        "10.0.0.1:80",
        "::/129",
    ] {
        let refused = parse(&["::1", text]).unwrap_err();
        let expected = format!("invalid network in --trusted-proxy {text:?}: expected ADDRESS or");
        assert!(refused.starts_with(&expected), "{refused}");
    }
}

/// An address without a zone.
fn address() -> impl Strategy<Value = SocketAddr> {
    any::<(IpAddr, u16)>().prop_map(|(address, port)| SocketAddr::new(address.to_canonical(), port))
}

/// A client's address, and a proxy's.
fn untrusted() -> impl Strategy<Value = SocketAddr> {
    address().prop_filter("untrusted", |address| !proxies().trusts(address.ip()))
}

fn trusted() -> impl Strategy<Value = SocketAddr> {
    (any::<[u8; 3]>(), any::<u16>())
        .prop_map(|([a, b, c], port)| SocketAddr::from(([10, a, b, c], port)))
}

/// What a header's value may be, mostly almost valid.
fn garbage() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~é]{0,40}", "([fF]or=|[0-9.:\\[\\]]{1,9}|[\",;= \\\\])*"]
}

/// One element of `Forwarded`, with the node quoted and other pairs around it.
fn element(node: SocketAddr, before: &str, after: &str) -> String {
    format!("{before}fOr=\"{node}\"{after}")
}

fn pairs() -> impl Strategy<Value = (String, String)> {
    let pair = "(proto=https?|host=\"[ !#-~]{0,9}\"|by=_[a-z]{1,5})";
    let pair = pair.replace("#-~", "#-\\[\\]-~");
    (
        proptest::string::string_regex(&format!("({pair};)?")).unwrap(),
        proptest::string::string_regex(&format!("(;{pair})?")).unwrap(),
    )
}

proptest! {
    /// Whatever a client sends, it cannot choose its address: the proxy adds the real one to the right.
    #[test]
    fn appended_address_wins(
        sent in garbage(),
        client in untrusted(),
        through in vec(trusted(), 0..3),
        on_its_own_line in any::<bool>(),
    ) {
        let nodes = std::iter::once(client).chain(through);
        let appended = nodes.map(|node| node.to_string()).collect::<Vec<_>>().join(", ");
        let joined = format!("{sent}, {appended}");
        let given = match on_its_own_line {
            true => vec![("x-forwarded-for", &*sent), ("x-forwarded-for", &*appended)],
            false => vec![("x-forwarded-for", &*joined)],
        };
        let origin = proxies().origin(PROXY.parse().unwrap(), &headers(&given));
        prop_assert_eq!(origin.peer, Some(client));
    }

    /// The same for `Forwarded`: a malformed start may at most hide the client behind its proxy.
    #[test]
    fn appended_element_wins(
        sent in garbage(),
        client in untrusted(),
        through in vec(trusted(), 0..3),
        (before, after) in pairs(),
        on_its_own_line in any::<bool>(),
    ) {
        let nodes = std::iter::once(client).chain(through);
        let appended: Vec<_> = nodes.map(|node| element(node, &before, &after)).collect();
        let appended = appended.join(" ,");
        let joined = format!("{sent}, {appended}");
        let given = match on_its_own_line {
            true => vec![("forwarded", &*sent), ("forwarded", &*appended)],
            false => vec![("forwarded", &*joined)],
        };
        let proxy: SocketAddr = PROXY.parse().unwrap();
        let origin = proxies().origin(proxy, &headers(&given));
        let is_hidden = !on_its_own_line && origin.peer == Some(proxy);
        prop_assert!(is_hidden || origin.peer == Some(client), "{:?}", origin);
    }

    /// A header that the proxy does not maintain never gives a client another address.
    #[test]
    fn other_header_never_wins(sent in garbage(), client in untrusted()) {
        let (real, element) = (client.to_string(), element(client, "", ""));
        let proxy: SocketAddr = PROXY.parse().unwrap();
        for given in [
            [("forwarded", &*sent), ("x-forwarded-for", &*real)],
            [("x-forwarded-for", &*sent), ("forwarded", &*element)],
        ] {
            let found = proxies().origin(proxy, &headers(&given)).peer.unwrap();
            prop_assert!(found == proxy || found.ip() == client.ip(), "{}", found);
        }
    }

    /// Well-formed elements are parsed in order, however they are written.
    #[test]
    fn elements_are_parsed_in_order(
        nodes in vec(address(), 1..5),
        (before, after) in pairs(),
    ) {
        let written: Vec<_> = nodes.iter().map(|node| element(*node, &before, &after)).collect();
        let found = forwarded::nodes(&written.join(", "));
        prop_assert_eq!(found, Some(nodes.into_iter().map(Some).collect::<Vec<_>>()));
    }

    /// No header makes the parsers panic, and headers of others change nothing.
    #[test]
    fn headers_of_others_change_nothing(sent in garbage(), more in garbage(), peer in untrusted()) {
        let _ = forwarded::nodes(&sent);
        let _ = node::parse(&sent);
        let given = [("forwarded", &*sent), ("x-forwarded-for", &*more), ("x-request-id", "a")];
        let origin = proxies().origin(peer, &headers(&given));
        prop_assert_eq!(origin, Origin { peer: Some(peer), request_id: None });
    }
}
