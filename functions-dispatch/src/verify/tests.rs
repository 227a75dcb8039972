use super::*;

const KEY: &str = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";
const DIGEST: &str = "sha-512=:m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==:";
const INPUT: &str = r#"dispatch=("@method" "@path" "@authority" "content-type" "content-digest");created=1719878400;keyid="default";alg="ed25519""#;
const SIGNATURE: &str = "dispatch=:0ZR5+fYwdgyOAmZQqGHxzOiryXqqzZWXUOAkfYXcecqJrOHOZ3fQwsG5YYBB8lcWcI6GKEu70hDbvhfBb0EfBA==:";
const CREATED: u64 = 1_719_878_400;

fn request(body: &str) -> Request<String> {
    Request::post("http://example.com/dispatch.sdk.v1.FunctionService/Run")
        .header("content-type", "application/proto")
        .header("content-digest", DIGEST)
        .header("signature-input", INPUT)
        .header("signature", SIGNATURE)
        .body(body.to_owned())
        .unwrap()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn verify(request: &Request<String>) -> Result<(), Error> {
    VerificationKey::parse(KEY)
        .unwrap()
        .verify(request, at(CREATED))
}

/// The vector that other SDKs agree on verifies, within its time only.
#[test]
fn vector_verifies_within_its_time() {
    let key = VerificationKey::parse(KEY).unwrap();
    for (now, is_valid) in [
        (CREATED, true),
        (CREATED + 300, true),
        (CREATED + 301, false),
        (CREATED - 5, true),
        (CREATED - 6, false),
    ] {
        let verified = key.verify(&request("hello"), at(now));
        assert_eq!(verified.is_ok(), is_valid, "{now}: {verified:?}");
        assert!(matches!(verified, Ok(()) | Err(Error::PermissionDenied(_))));
    }
}

/// A key is PEM, also on one line, or base64.
#[test]
fn keys_are_pem_or_base64() {
    let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n-----END PUBLIC KEY-----\n";
    let key = VerificationKey::parse(KEY).unwrap();
    assert_eq!(VerificationKey::parse(pem).unwrap(), key);
    assert_eq!(
        VerificationKey::parse(&pem.replace('\n', "\\n")).unwrap(),
        key
    );
    for invalid in ["", "AAAA", "-----BEGIN PUBLIC KEY-----", &KEY[1..], "é"] {
        assert!(VerificationKey::parse(invalid).is_err(), "{invalid}");
    }
}

/// Whatever is changed in a signed request is noticed.
#[test]
fn changed_requests_are_refused() {
    let other_key = VerificationKey::parse("O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=").unwrap();
    let refused = other_key.verify(&request("hello"), at(CREATED));
    assert!(matches!(refused, Err(Error::PermissionDenied(_))));
    assert!(matches!(
        verify(&request("hellp")),
        Err(Error::PermissionDenied(_))
    ));
    let mut changed = request("hello");
    *changed.method_mut() = http::Method::PUT;
    assert!(matches!(verify(&changed), Err(Error::PermissionDenied(_))));
    for uri in [
        "http://example.com/dispatch.sdk.v1.FunctionService/Ran",
        "http://example.org/dispatch.sdk.v1.FunctionService/Run",
    ] {
        let mut changed = request("hello");
        *changed.uri_mut() = uri.parse().unwrap();
        assert!(
            matches!(verify(&changed), Err(Error::PermissionDenied(_))),
            "{uri}"
        );
    }
    let mut changed = request("hello");
    changed
        .headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    assert!(matches!(verify(&changed), Err(Error::PermissionDenied(_))));
}

/// The authority is compared without regard to case and the scheme's own port, and may come from `host`.
#[test]
fn authority_is_normalized() {
    for uri in ["http://EXAMPLE.com:80", "http://example.com", ""] {
        let mut same = request("hello");
        let uri = format!("{uri}/dispatch.sdk.v1.FunctionService/Run");
        *same.uri_mut() = uri.parse().unwrap();
        same.headers_mut()
            .insert("host", "example.com".parse().unwrap());
        verify(&same).unwrap();
    }
}

/// A signature that is missing or malformed is told from one that is wrong.
#[test]
fn malformed_signatures_are_unauthenticated() {
    for name in [
        "signature",
        "signature-input",
        "content-digest",
        "content-type",
    ] {
        let mut incomplete = request("hello");
        incomplete.headers_mut().remove(name);
        assert!(
            verify(&incomplete).unwrap_err().is_unauthenticated(),
            "{name}"
        );
    }
    for (from, to) in [
        ("\"@path\" ", ""),
        ("\"@path\"", "\"@path\";req"),
        ("\"@path\"", "\"@query\" \"@path\""),
        ("\"@path\"", "\"@path\" \"@path\""),
        ("created=1719878400;", ""),
        ("created=1719878400", "created=x"),
        ("\"default\"", "\"other\""),
        ("ed25519", "rsa-v1_5-sha256"),
        ("dispatch=(", "dispatch=["),
        ("alg=\"ed25519\"", "alg=\"ed25519\", other=()"),
        ("alg=\"ed25519\"", "alg=\"ed25519"),
        ("dispatch=", "other="),
    ] {
        let input = INPUT.replace(from, to);
        assert_ne!(input, INPUT);
        let mut malformed = request("hello");
        malformed
            .headers_mut()
            .insert("signature-input", input.parse().unwrap());
        let error = verify(&malformed).unwrap_err();
        assert!(error.is_unauthenticated(), "{input}: {error:?}");
    }
    for value in ["", "dispatch=:AAAA:", "dispatch=AAAA", ":"] {
        let mut malformed = request("hello");
        malformed
            .headers_mut()
            .insert("signature", value.parse().unwrap());
        assert!(
            verify(&malformed).unwrap_err().is_unauthenticated(),
            "{value}"
        );
    }
}
