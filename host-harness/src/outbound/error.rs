//! Classifies errors of requests, as the contract does.

use std::error::Error as StdError;
use std::io;

use super::causes::{causes, find};
use super::config::MAX_HEAD;
use super::connect_error::ConnectError;
use super::tls_error;
use crate::message::body::Incomplete;
use crate::message::headers::MAX_HEADERS;

/// Why a request failed.
#[derive(Debug)]
pub(crate) enum Error {
    InvalidUrl(String),
    InvalidMethod(String),
    /// The header's name.
    InvalidHeader(String),
    NotAllowed(String),
    Dns(String),
    Connect(String),
    Tls(String),
    Timeout,
    /// The limit, in bytes.
    TooLarge(u64),
    /// The target of the next redirect.
    TooManyRedirects(String),
    /// The server ended the connection, or did not respond as HTTP wants.
    Protocol(String),
    /// What the server sent is not HTTP.
    Malformed(String),
    /// The server reset the connection.
    Reset(String),
    Other(String),
}

/// Why there is no response.
pub(super) enum Failed {
    Request(hyper_util::client::legacy::Error),
    /// TLS could not be set up.
    Tls(rustls::Error),
    /// The semaphore was closed, which only a bug of the host causes.
    Stopped,
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        let error = match failed {
            Failed::Tls(error) => return Self::Other(format!("this host cannot use TLS: {error}")),
            Failed::Stopped => return Self::Other("this host accepts no more requests".into()),
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
        if find::<Incomplete>(&error).is_some() {
            return Self::Other(format!("the request's {Incomplete}"));
        }
        // Every other error before HTTP starts comes from TLS.
        if error.is_connect() && find::<hyper::Error>(&error).is_none() {
            return Self::Tls(tls_error::text(&error));
        }
        Self::of_exchange(&error, protocol(&error))
    }
}

impl Error {
    /// Classifies an error after the connection was there.
    pub(super) fn of_exchange(error: &(dyn StdError + 'static), text: String) -> Self {
        if find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse)
            || find::<h2::Error>(error).is_some_and(is_violation)
        {
            return Self::Malformed(text);
        }
        match find::<io::Error>(error).map(io::Error::kind) {
            // hyper's words for a body whose chunks are malformed.
            Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => Self::Malformed(text),
            Some(
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe,
            ) => Self::Reset(text),
            _ => Self::Protocol(text),
        }
    }
}

/// Whether h2 ended a stream or a connection because of what the server sent.
fn is_violation(error: &h2::Error) -> bool {
    let reasons = [
        h2::Reason::PROTOCOL_ERROR,
        h2::Reason::FRAME_SIZE_ERROR,
        h2::Reason::COMPRESSION_ERROR,
        h2::Reason::FLOW_CONTROL_ERROR,
    ];
    let reason = error.reason();
    error.is_library() && reason.is_some_and(|reason| reasons.contains(&reason))
}

/// The text for a response head that is over its limits, or may be.
pub(super) fn long_head() -> String {
    format!(
        "the head of the response is too long: more than {MAX_HEADERS} headers, or {} KiB",
        MAX_HEAD / 1024
    )
}

/// Describes how the server violated HTTP.
fn protocol(error: &(dyn StdError + 'static)) -> String {
    if find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse_too_large) {
        return long_head();
    }
    // h2 reports no details beyond this.
    let refused = find::<h2::Error>(error).filter(|error| {
        error.is_reset() && error.is_library() && error.reason() == Some(h2::Reason::PROTOCOL_ERROR)
    });
    match refused {
        Some(_) => format!("{}: malformed, or {}", causes(error), long_head()),
        None => causes(error),
    }
}
