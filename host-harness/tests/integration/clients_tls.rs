//! Native programs that call a host over https. Their environment names the trusted authorities, so these
//! tests run themselves again, each with another environment.

use std::process::Command;

use functions_binding::{BindingError, Call};
use tokio_rustls::TlsAcceptor;

use test_support::tls::{Authority, about, before};
use test_support::{server, soon};

/// The variable with the host's URL, for a test that runs again.
const URL: &str = "FUNCTIONS_URL";

/// The variable with the trusted authorities.
const CA_FILE: &str = "FUNCTIONS_CA_FILE";

/// Runs one of these tests with its own environment.
fn once_more(test: &str, variables: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("clients_tls::{test}")])
        .env_remove(CA_FILE)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}

/// A certificate for this machine, from an unknown authority.
fn certified(authority: &Authority) -> TlsAcceptor {
    authority.certify(about(&["127.0.0.1"])).server(&[])
}

async fn refused() -> String {
    let error = soon(Call::get("ping", "/").send()).await.unwrap_err();
    assert!(matches!(
        error,
        BindingError::Unreachable(_) | BindingError::Other(_)
    ));
    error.to_string()
}

/// A host whose authority is in the environment is called over https, with bodies of any length.
#[tokio::test(flavor = "multi_thread")]
async fn named_authorities_are_trusted() {
    if std::env::var_os(URL).is_some() {
        let pong = soon(Call::get("ping", "/").send()).await.unwrap();
        assert_eq!(pong.text().unwrap(), "pong");
        let sent: Vec<u8> = (0..=255).cycle().take(4 << 20).collect();
        let echo = Call::post("echo", "/").with_body(sent.clone());
        let echo = soon(echo.send()).await.unwrap();
        assert!(echo.into_bytes().unwrap() == sent);
        return;
    }
    let server = server().await;
    let authorities = [Authority::new(), Authority::new()];
    let address = before(server.address(), certified(&authorities[1])).await;
    let files = authorities
        .each_ref()
        .map(|authority| authority.file.path().to_str().unwrap());
    once_more(
        "named_authorities_are_trusted",
        &[
            (URL, &format!("https://{address}")),
            (CA_FILE, &files.join(",")),
        ],
    );
}

/// An untrusted host is not called, and the error says how to trust it.
#[tokio::test(flavor = "multi_thread")]
async fn others_are_not_trusted() {
    if std::env::var_os(URL).is_some() {
        let error = refused().await;
        assert!(error.contains(CA_FILE), "{error}");
        return;
    }
    let server = server().await;
    let authority = Authority::new();
    let url = before(server.address(), certified(&Authority::new())).await;
    let url = format!("https://{url}");
    let file = authority.file.path().to_str().unwrap();
    once_more("others_are_not_trusted", &[(URL, &url)]);
    once_more("others_are_not_trusted", &[(URL, &url), (CA_FILE, file)]);
}

/// A certificate for another name is refused, also if a trusted authority signed it.
#[tokio::test(flavor = "multi_thread")]
async fn names_are_checked() {
    if std::env::var_os(URL).is_some() {
        let error = refused().await;
        assert!(error.contains("not valid for name"), "{error}");
        return;
    }
    let server = server().await;
    let authority = Authority::new();
    let other = authority.certify(about(&["other.test"])).server(&[]);
    let url = format!("https://{}", before(server.address(), other).await);
    let file = authority.file.path().to_str().unwrap();
    once_more("names_are_checked", &[(URL, &url), (CA_FILE, file)]);
}

/// An invalid file is an error that names it, before anything is sent.
#[tokio::test]
async fn bad_files_are_refused() {
    let Some(file) = std::env::var_os(CA_FILE) else {
        let empty = tempfile::NamedTempFile::new().unwrap();
        let empty = empty.path().to_str().unwrap();
        for file in [empty, "no-such-file.pem"] {
            once_more("bad_files_are_refused", &[(CA_FILE, file)]);
        }
        return;
    };
    let file = file.to_str().unwrap();
    let why = match file {
        "no-such-file.pem" => "No such file",
        _ => "no certificate found",
    };
    let error = refused().await;
    let named = format!("cannot use {file:?} in {CA_FILE}: {why}");
    assert!(error.contains(&named), "{error}");
    assert!(
        error.ends_with("name PEM files, separated by commas"),
        "{error}"
    );
}
