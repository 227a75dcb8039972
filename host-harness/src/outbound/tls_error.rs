//! What is wrong with a server's TLS, and what can be done about it.

use std::error::Error as StdError;

use rustls::{AlertDescription, CertificateError, Error as TlsError, InvalidMessage, OtherError};
use webpki::Error as PkiError;

use super::error::{causes, find};

/// The causes, and the fix where there is one.
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

/// What rustls says, or says too little.
enum Explained {
    /// Its own words are for those who wrote it.
    Instead(&'static str),
    Besides(&'static str),
}

fn explained(error: &TlsError) -> Option<Explained> {
    use Explained::{Besides, Instead};

    Some(match error {
        TlsError::InvalidCertificate(error) => return certificate(error),
        TlsError::NoCertificatesPresented => Besides("the server has to have one"),
        TlsError::AlertReceived(
            AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure,
        )
        | TlsError::PeerIncompatible(_) => Besides(
            "the server and this host have no version or cipher in common: it has to offer TLS 1.2 with \
             ECDHE, or TLS 1.3",
        ),
        TlsError::AlertReceived(
            AlertDescription::CertificateRequired | AlertDescription::BadCertificate,
        ) => Besides("the server wants a certificate from its client, which functions cannot give"),
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
            "--ca-file FILE trusts another authority, whose certificate is in FILE; if a public \
             authority issued it, the server has to send its intermediate certificates too",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            Besides("the server needs a new one, unless this machine's clock is wrong")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Besides("this machine's clock may be wrong")
        }
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            Besides(
                "its common name does not count: make one with a subject alternative name, as by \
             `openssl req -x509 -addext subjectAltName=DNS:NAME` (IP:ADDRESS for an address)",
            )
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Besides("request the server by a name that its certificate has")
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            Besides("its extended key usage has to include serverAuth")
        }
        CertificateError::BadSignature => Besides(
            "another authority of the same name issued it, as after that got a new key: give the current \
             one with --ca-file FILE",
        ),
        CertificateError::Other(OtherError(error)) => return other(error.downcast_ref()?),
        _ => return None,
    })
}

fn other(error: &PkiError) -> Option<Explained> {
    use Explained::Instead;

    Some(match error {
        PkiError::CaUsedAsEndEntity => Instead(
            "the server's certificate is one of an authority, which no server may use (`openssl req \
             -x509` makes such): make one with `openssl req -x509 -addext basicConstraints=critical,CA:FALSE \
             -addext subjectAltName=DNS:NAME`, and give it with --ca-file",
        ),
        PkiError::EndEntityUsedAsCa => Instead(
            "a certificate that is not one of an authority has issued the server's: make the issuer's with \
             basicConstraints=critical,CA:TRUE",
        ),
        PkiError::UnsupportedCertVersion => Instead(
            "the server's certificate is of version 1: make one of version 3, which has extensions, as by \
             `openssl req -x509 -addext subjectAltName=DNS:NAME`",
        ),
        PkiError::UnsupportedCriticalExtension => Instead(
            "the server's certificate has a critical extension that this host does not know: make one \
             without it",
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
