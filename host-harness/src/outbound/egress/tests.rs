use super::*;

fn egress(rules: &[&str]) -> Egress {
    let rules: Vec<_> = rules.iter().map(|rule| (*rule).to_owned()).collect();
    Egress::new(&rules).unwrap()
}

fn allows(egress: &Egress, host: &str, port: u16, address: &str) -> Result<(), Denied> {
    let permit = egress.permit(host, port)?;
    egress.check(permit, host, port, address.parse().unwrap())
}

/// Every kind of server under every kind of rule: a server that is not named is public or denied.
#[test]
fn servers_without_a_rule_are_public_or_denied() {
    let public = "93.184.216.34";
    for (rules, host, port, address, allowed) in [
        (&[][..], "example.com", 443, public, true),
        (&[], "localhost", 80, "127.0.0.1", false),
        (&[], "rebound.example.com", 80, "10.0.0.1", false),
        (&["*"], "example.com", 443, public, true),
        (&["*"], "localhost", 80, "127.0.0.1", false),
        (&["*:443"], "example.com", 443, public, true),
        (&["*:443"], "example.com", 80, public, false),
        (&["example.com"], "example.com", 80, public, true),
        (&["example.com"], "other.com", 80, public, false),
        (&["example.com"], "www.example.com", 80, public, false),
        (&["*.example.com"], "www.example.com", 80, public, true),
        (&["*.example.com"], "www.example.com", 80, "10.0.0.1", false),
        (&["*.example.com"], "badexample.com", 80, public, false),
        (&["db.internal:5000"], "db.internal", 5000, "10.0.0.1", true),
        (
            &["db.internal:5000"],
            "db.internal",
            5001,
            "10.0.0.1",
            false,
        ),
        (&["127.0.0.1:80"], "127.0.0.1", 80, "127.0.0.1", true),
        (&["127.0.0.1:80"], "localhost", 80, "127.0.0.1", false),
        (&["*", "127.0.0.1:80"], "127.0.0.1", 80, "127.0.0.1", true),
        (&["127.0.0.1:80", "*"], "127.0.0.1", 80, "127.0.0.1", true),
        (&["[::1]:80"], "[::1]", 80, "::1", true),
        (&["Example.com."], "example.com", 80, public, true),
    ] {
        let result = allows(&egress(rules), host, port, address);
        assert_eq!(
            result.is_ok(),
            allowed,
            "{rules:?} {host}:{port} at {address}"
        );
    }
}

/// With `only_named` and no rule, nothing is reachable, and a denial does not suggest `*`.
#[test]
fn only_named_servers_are_reachable() {
    let public = "93.184.216.34";
    let none = egress(&[]).only_named();
    let denied = allows(&none, "example.com", 443, public).unwrap_err();
    assert_eq!(
        denied.to_string(),
        "example.com:443 is not among the servers that functions may reach; --allow-host \
         example.com:443 allows it"
    );
    let some = egress(&["example.com", "*.example.org"]).only_named();
    assert_eq!(allows(&some, "example.com", 443, public), Ok(()));
    assert_eq!(allows(&some, "a.example.org", 443, public), Ok(()));
    assert!(allows(&some, "example.net", 443, public).is_err());
    for (rules, catch_all) in [
        (&["a.example", "*.example.org"][..], None),
        (&["a.example", "*"], Some("*")),
        (&["*:443"], Some("*:443")),
    ] {
        assert_eq!(egress(rules).catch_all().as_deref(), catch_all, "{rules:?}");
    }
}

/// A server of the embedder's own is permitted by its address, and no other.
#[test]
fn own_servers_are_permitted() {
    let own = egress(&["example.com"]).with_own(vec!["127.0.0.1:8082".parse().unwrap()]);
    assert_eq!(allows(&own, "127.0.0.1", 8082, "127.0.0.1"), Ok(()));
    for (host, port) in [
        ("127.0.0.1", 8081),
        ("localhost", 8082),
        ("127.0.0.2", 8082),
    ] {
        assert!(
            allows(&own, host, port, "127.0.0.1").is_err(),
            "{host}:{port}"
        );
    }
}

/// A function's rules may name only servers that the host's rules permit.
#[test]
fn functions_rules_are_within_the_hosts() {
    for (host, function, uncovered) in [
        (
            &[][..],
            &["a.example", "*.example", "*", "1.1.1.1:80"][..],
            None,
        ),
        (&[], &["127.0.0.1:80"], Some("127.0.0.1:80")),
        (&[], &["[::1]"], Some("[::1]")),
        (&["*"], &["a.example", "10.0.0.1"], Some("10.0.0.1")),
        (&["*", "10.0.0.1"], &["10.0.0.1:80", "*"], None),
        (&["*:443"], &["a.example:443"], None),
        (&["*:443"], &["a.example"], Some("a.example")),
        (&["*.example"], &["a.example", "*.b.example"], None),
        (&["*.example"], &["example"], Some("example")),
        (&["*.example"], &["*"], Some("*")),
        (&["a.example"], &["a.example:80"], None),
        (&["a.example:80"], &["a.example"], Some("a.example")),
        (&["a.example"], &["b.example"], Some("b.example")),
        (&["a.example"], &[], None),
    ] {
        let rules: Vec<_> = function.iter().map(|rule| (*rule).to_owned()).collect();
        let function = Egress::of_function(&rules).unwrap();
        let found = egress(host).uncovered(&function);
        assert_eq!(found.as_deref(), uncovered, "{host:?} {rules:?}");
    }
    let nothing = egress(&[]).only_named();
    let function = Egress::of_function(&["a.example".to_owned()]).unwrap();
    assert_eq!(nothing.uncovered(&function).as_deref(), Some("a.example"));
}

/// A denial by a function's rules names its setting.
#[test]
fn denial_by_a_function_names_its_setting() {
    let function = Egress::of_function(&[]).unwrap();
    let denied = allows(&function, "a.example", 443, "1.1.1.1").unwrap_err();
    assert_eq!(
        denied.to_string(),
        "a.example:443 is not among the servers that functions may reach; add a.example:443 to the \
         function's setting allowed_hosts"
    );
}

/// A denial names the option that allows the server.
#[test]
fn denial_names_the_option_that_helps() {
    for (rules, host, address) in [
        (&[][..], "10.0.0.1", "10.0.0.1"),
        (&["*"], "[::1]", "::1"),
        (&["example.com"], "db.internal", "10.0.0.1"),
    ] {
        let denied = allows(&egress(rules), host, 8080, address).unwrap_err();
        let text = denied.to_string();
        let option = text.split("--allow-host ").nth(1).unwrap();
        let rule = option.split(' ').next().unwrap();
        assert_eq!(rule, format!("{host}:8080"));
        assert_eq!(allows(&egress(&[rule]), host, 8080, address), Ok(()));
    }
}
