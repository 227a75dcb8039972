use super::*;

/// Common spellings are accepted, and normalized.
#[test]
fn common_spellings_are_normalized() {
    for (given, meant) in [
        ("api.example.com", "api.example.com"),
        ("API.Example.com:8080", "api.example.com:8080"),
        (" api.example.com. ", "api.example.com"),
        ("api.example.com/", "api.example.com"),
        ("https://api.example.com", "api.example.com:443"),
        ("http://api.example.com/", "api.example.com:80"),
        ("HTTPS://api.example.com:8443/", "api.example.com:8443"),
        ("10.0.0.1:80", "10.0.0.1:80"),
        ("::1", "[::1]"),
        ("[::1]", "[::1]"),
        ("[0:0::1]:80", "[::1]:80"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("*", "*"),
        ("*:443", "*:443"),
        ("*.example.com", "*.example.com"),
        ("example.com:*", "example.com"),
    ] {
        let rule: Rule = given.parse().unwrap();
        assert_eq!(rule.to_string(), meant, "{given}");
        assert_eq!(meant.parse(), Ok(rule));
    }
}

/// The origin of a URL permits what the URL names, and nothing else.
#[test]
fn origins_permit_their_server() {
    for (given, host, port) in [
        ("http://a/", "a", 80),
        ("http://a:8080/", "a", 8080),
        ("https://a", "a", 443),
        ("http://[::1]:8080/", "[::1]", 8080),
    ] {
        let rule: Rule = given.parse().unwrap();
        assert_eq!(rule.permit(host, port), Some(Permit::Named), "{given}");
        assert_eq!(rule.permit(host, port + 1), None, "{given}");
    }
}

/// An invalid rule, or one that matches no server, is refused with the corrected form or with the expected
/// forms.
#[test]
fn invalid_rules_are_refused_with_a_correction() {
    let expected = "expected HOST, HOST:PORT, *.DOMAIN or *, such as";
    let label = "a".repeat(63);
    let name = format!("{label}.{label}.{label}.{}", "a".repeat(61));
    for given in [&label, &name] {
        assert!(given.parse::<Rule>().is_ok(), "{given}");
    }
    let (long_label, long_name) = (format!("{label}a.b"), format!("{name}a"));
    for (given, why, meant) in [
        (
            "https://api.example.com/v1",
            "cannot have a path",
            "--allow-host api.example.com:443",
        ),
        (
            "a.example?x=1",
            "cannot have a path",
            "--allow-host a.example",
        ),
        ("http://a/#x", "cannot have a path", "--allow-host a:80"),
        (
            "http://me:secret@a/",
            "cannot have a user name",
            "--allow-host a:80",
        ),
        (
            "me@a:8080",
            "cannot have a user name",
            "--allow-host a:8080",
        ),
        ("10.0.0.0/8", "networks are not", "--allow-host 10.0.0.0"),
        ("[fd00::]/8", "networks are not", "--allow-host [fd00::]"),
        (
            "ftp://example.com",
            "http and https",
            "--allow-host example.com",
        ),
        ("wss://a:1/", "http and https", "--allow-host a:1"),
        (
            ".example.com",
            "start with a dot",
            "--allow-host *.example.com",
        ),
        (
            "https://.example.com:8080",
            "start with a dot",
            "--allow-host *.example.com:8080",
        ),
        ("", "invalid host", expected),
        ("/", "invalid host", expected),
        ("//a", "invalid host", expected),
        ("http://", "invalid host", expected),
        ("http://:80", "invalid host", expected),
        ("a b", "invalid host", expected),
        ("a\tb", "invalid host", expected),
        ("a<b", "invalid host", expected),
        ("[::1", "invalid host", expected),
        ("a:80:81", "invalid host", expected),
        ("a..b", "between its dots", expected),
        (".", "start with a dot", expected),
        ("*..a", "between its dots", expected),
        (&long_label, "between its dots", expected),
        (&long_name, "at most 253 bytes", expected),
        ("example.com:http", "invalid port", expected),
        ("example.com:0", "invalid port", expected),
        ("example.com:65536", "invalid port", expected),
        ("example.com:-1", "invalid port", expected),
        ("example.com:+80", "invalid port", expected),
        ("example.com:", "invalid port", expected),
        ("a*.example.com", "whole name", expected),
        ("*.*", "whole name", expected),
        ("*.10.0.0.1", "address", expected),
    ] {
        let refused = given.parse::<Rule>();
        let refused = refused.map_err(|refused| refused.to_string());
        assert!(
            refused.as_ref().is_err_and(|refused| refused.contains(why)
                && refused.contains(meant)
                && refused.contains(&format!("{given:?}"))),
            "{given}: {refused:?}"
        );
    }
}
