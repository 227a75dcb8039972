//! Which certificate authorities a host's certificate may come from.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{CertificateError, ClientConfig, Error as TlsError, RootCertStore};

/// The environment variable that names files of more authorities, as it does for the host itself.
pub(super) const VARIABLE: &str = "FUNCTIONS_CA_FILE";

/// TLS settings that trust the authorities that browsers trust, and those that the environment names.
pub(super) fn config() -> Result<ClientConfig, String> {
    let mut authorities = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let files = std::env::var(VARIABLE).unwrap_or_default();
    for file in files.split(',').filter(|file| !file.is_empty()) {
        add(&mut authorities, file).map_err(|why| {
            format!("cannot use {file:?} in {VARIABLE}: {why}; name PEM files, separated by commas")
        })?;
    }
    // Named, so that no other crate's choice for the process matters.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .with_root_certificates(authorities)
        .with_no_client_auth())
}

fn add(authorities: &mut RootCertStore, file: &str) -> Result<(), String> {
    let pem = std::fs::read(file).map_err(|error| error.to_string())?;
    let before = authorities.len();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(&pem)) {
        let certificate = certificate.map_err(|error| format!("invalid PEM: {error}"))?;
        let added = authorities.add(certificate);
        added.map_err(|error| format!("invalid certificate number {number}: {error}"))?;
    }
    if authorities.len() == before {
        return Err("no certificate found".into());
    }
    Ok(())
}

/// Whether a host was not reached because nobody that is trusted vouches for it.
pub(super) fn is_unknown(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(TlsError::InvalidCertificate(why)) = error.downcast_ref() {
            return *why == CertificateError::UnknownIssuer;
        }
        // An `io::Error` shows what it wraps as itself, and only the causes of that as its own.
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        cause = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}
