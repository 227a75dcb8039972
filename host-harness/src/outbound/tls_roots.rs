//! The certificate authorities that functions' requests trust.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::{ClientConfig, RootCertStore};

/// The authorities that browsers trust, and those of the given files.
#[derive(Debug)]
pub(crate) struct TlsRoots {
    authorities: Arc<RootCertStore>,
}

/// A file of certificate authorities is invalid.
#[derive(Debug)]
pub(crate) struct InvalidAuthorities {
    file: PathBuf,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Unreadable(io::Error),
    NotPem(String),
    NoCertificate,
    NotAnAuthority { number: usize, why: rustls::Error },
}

impl fmt::Display for InvalidAuthorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--ca-file {}: ", self.file.display())?;
        match &self.why {
            Why::Unreadable(why) => write!(f, "cannot read the file: {why}"),
            Why::NotPem(why) => write!(f, "invalid PEM: {why}"),
            Why::NoCertificate => f.write_str(
                "no certificate found; expected PEM with a line -----BEGIN CERTIFICATE----- \
                 (`openssl x509 -inform der -outform pem` converts a binary one)",
            ),
            Why::NotAnAuthority { number, why } => {
                write!(f, "invalid certificate number {number}: {why}")
            }
        }
    }
}

impl TlsRoots {
    /// The built-in authorities, and those of PEM files.
    pub(crate) fn new(files: &[PathBuf]) -> Result<Self, InvalidAuthorities> {
        let mut authorities = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        for file in files {
            add(&mut authorities, file).map_err(|why| InvalidAuthorities {
                file: file.clone(),
                why,
            })?;
        }
        Ok(Self {
            authorities: Arc::new(authorities),
        })
    }

    /// A client's TLS settings. Each client has its own, because they hold its resumable sessions.
    pub(super) fn client(&self) -> Result<ClientConfig, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Ok(ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(Arc::clone(&self.authorities))
            .with_no_client_auth())
    }
}

fn add(authorities: &mut RootCertStore, file: &Path) -> Result<(), Why> {
    let pem = std::fs::read(file).map_err(Why::Unreadable)?;
    let mut number = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|why| Why::NotPem(readable(&why)))?;
        number += 1;
        authorities
            .add(certificate)
            .map_err(|why| Why::NotAnAuthority { number, why })?;
    }
    if number == 0 {
        return Err(Why::NoCertificate);
    }
    Ok(())
}

/// The error's text. Its own would show lines as lists of numbers.
fn readable(error: &PemError) -> String {
    match error {
        PemError::MissingSectionEnd { .. } => "a section does not end".into(),
        PemError::IllegalSectionStart { line } => {
            let line = String::from_utf8_lossy(line);
            format!("a section begins with {:?}", line.trim_end())
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(content: &[u8]) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, content).unwrap();
        let refused = TlsRoots::new(&[file.path().to_owned()]).unwrap_err();
        let text = refused.to_string();
        let option = format!("--ca-file {}: ", file.path().display());
        text.strip_prefix(&option).unwrap().to_owned()
    }

    /// An unusable file is refused, with the reason.
    #[test]
    fn unusable_files_are_refused() {
        for (content, why) in [
            (&b""[..], "no certificate found"),
            (b"\x30\x82\x01", "no certificate found"),
            (
                b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "no certificate found",
            ),
            (b"-----BEGIN CERTIFICATE-----\nAAAA\n", "does not end"),
            (
                b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
                "invalid PEM",
            ),
            (
                b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "invalid certificate number 1",
            ),
        ] {
            let refused = refused(content);
            assert!(refused.contains(why), "{refused}");
        }
        let missing = TlsRoots::new(&["no-such-file.pem".into()]).unwrap_err();
        assert!(missing.to_string().contains("cannot read"), "{missing}");
    }

    /// Given authorities are trusted in addition to the built-in ones.
    #[test]
    fn given_authorities_are_added() {
        let authority = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let pem = authority.cert.pem();
        std::fs::write(&file, format!("a comment\n{pem}{pem}")).unwrap();
        let trusted = TlsRoots::new(&[file.path().to_owned()]).unwrap();
        let built_in = TlsRoots::new(&[]).unwrap().authorities.len();
        assert!(built_in > 100);
        assert_eq!(trusted.authorities.len(), built_in + 2);
    }
}
