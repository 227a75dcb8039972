//! Explains errors of a server's TLS, and how to fix them.

use std::error::Error as StdError;

use rustls::{AlertDescription, CertificateError, Error as TlsError, InvalidMessage, OtherError};
use webpki::Error as PkiError;

use super::causes::{causes, find};

/// The error's causes, and the fix if it is known.
pub(super) fn text(error: &(dyn StdError + 'static)) -> String {
    let Some(tls) = find::<TlsError>(error) else {
        return causes(error);
    };
    match explained(tls) {
        Some(Explained::Instead(text)) => text.into(),
        Some(Explained::Besides(fix)) => format!("{tls}; {fix}"),
        None => tls.to_string(),
    }
}

/// An addition to rustls' text.
enum Explained {
    /// Replaces the text, which only experts understand.
    Instead(&'static str),
    /// Follows the text.
    Besides(&'static str),
}

fn explained(error: &TlsError) -> Option<Explained> {
    use Explained::{Besides, Instead};

    Some(match error {
        TlsError::InvalidCertificate(error) => return certificate(error),
        TlsError::NoCertificatesPresented => Besides("the server needs a certificate"),
        TlsError::AlertReceived(
            AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure,
        )
        | TlsError::PeerIncompatible(_) => Besides(
            "the server and this host share no version or cipher: the server has to offer TLS 1.2 with \
             ECDHE, or TLS 1.3",
        ),
        TlsError::AlertReceived(
            AlertDescription::CertificateRequired | AlertDescription::BadCertificate,
        ) => Besides("the server requires a client certificate, which functions cannot send"),
        TlsError::AlertReceived(AlertDescription::UnrecognisedName) => {
            Besides("the server is not set up for this name")
        }
        TlsError::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => Instead("the server does not answer with TLS; if it serves plain HTTP, use http://"),
        _ => return None,
    })
}

fn certificate(error: &CertificateError) -> Option<Explained> {
    use Explained::Besides;

    Some(match error {
        CertificateError::UnknownIssuer => Besides(
            "if a private authority issued it, trust that with --ca-file FILE; if a public one did, the \
             server has to send its intermediate certificates too",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            Besides("the server needs a new certificate, unless this machine's clock is wrong")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Besides("this machine's clock may be wrong")
        }
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            Besides(
                "its common name does not count: create a certificate with a subject alternative name, as by \
                 `openssl req -x509 -addext subjectAltName=DNS:NAME` (IP:ADDRESS for an address)",
            )
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Besides("request the server by a name in its certificate")
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            Besides("its extended key usage has to include serverAuth")
        }
        CertificateError::BadSignature => Besides(
            "an authority of the same name but with another key issued it, perhaps an older one: pass the \
             current certificate with --ca-file FILE",
        ),
        CertificateError::Other(OtherError(error)) => return other(error.downcast_ref()?),
        _ => return None,
    })
}

fn other(error: &PkiError) -> Option<Explained> {
    use Explained::Instead;

    Some(match error {
        PkiError::CaUsedAsEndEntity => Instead(
            "the server's certificate is that of an authority, which no server may use (`openssl req \
             -x509` creates such): create one with `openssl req -x509 -addext basicConstraints=critical,CA:FALSE \
             -addext subjectAltName=DNS:NAME`, and pass it with --ca-file",
        ),
        PkiError::EndEntityUsedAsCa => Instead(
            "a certificate that is not an authority's has issued the server's: create the issuer's with \
             basicConstraints=critical,CA:TRUE",
        ),
        PkiError::UnsupportedCertVersion => Instead(
            "the server's certificate has version 1: create one of version 3, which has extensions, as by \
             `openssl req -x509 -addext subjectAltName=DNS:NAME`",
        ),
        PkiError::UnsupportedCriticalExtension => Instead(
            "the server's certificate has a critical extension that this host does not support: create \
             one without it",
        ),
        PkiError::NameConstraintViolation => Instead(
            "the server's name is not among those for which its authority may issue certificates",
        ),
        PkiError::PathLenConstraintViolated => Instead(
            "the server's certificate has more intermediate authorities than its root allows (pathlen)",
        ),
        _ => return None,
    })
}
