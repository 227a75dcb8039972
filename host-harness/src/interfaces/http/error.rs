//! What went wrong, in the contract's words.

use std::error::Error as StdError;
use std::io;

use super::bindings::functions::http::client::Error;
use super::client::Failed;
use super::connect::ConnectError;
use crate::interfaces::body::Broken;

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        let error = match failed {
            Failed::Tls(error) => return Self::Other(format!("this host has no TLS: {error}")),
            Failed::Stopped => return Self::Other("this host takes no more requests".into()),
            Failed::Request(error) => error,
        };
        if let Some(connect) = find::<ConnectError>(&error) {
            return match connect {
                ConnectError::Denied(denied) => Self::NotAllowed(denied.to_string()),
                ConnectError::Dns { .. } => Self::Dns(connect.to_string()),
                ConnectError::Timeout => Self::Timeout,
                ConnectError::Refused { .. } | ConnectError::NoPort(_) => {
                    Self::Connect(connect.to_string())
                }
            };
        }
        if find::<Broken>(&error).is_some() {
            return Self::Other(format!("the request's {Broken}"));
        }
        // Whatever else goes wrong before there is HTTP to speak is TLS.
        if error.is_connect() && find::<hyper::Error>(&error).is_none() {
            return Self::Tls(tls(&error));
        }
        Self::Protocol(causes(&error))
    }
}

/// What is wrong with the server's certificate, mostly, and what can be done.
fn tls(error: &(dyn StdError + 'static)) -> String {
    use rustls::{CertificateError, Error as TlsError};

    let mut text = causes(error);
    if let Some(TlsError::InvalidCertificate(CertificateError::UnknownIssuer)) = find(error) {
        text.push_str("; --ca-file FILE trusts another authority, whose certificate is in FILE");
    }
    text
}

/// The first cause that is a `T`.
fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            // It shows what it wraps as itself, and only the causes of that as its own.
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// An error's causes in one line, less what the outermost says, which is only that it is one.
fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut line = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Some repeat their cause in their own words.
        if !line.contains(&text) {
            if !line.is_empty() {
                line.push_str(": ");
            }
            line.push_str(&text);
        }
        cause = error.source();
    }
    if line.is_empty() {
        error.to_string()
    } else {
        line
    }
}
