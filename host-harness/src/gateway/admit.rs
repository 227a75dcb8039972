//! Decides whether a request from outside may invoke a function.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;

use super::{Gateway, TokenCheck, token};
use crate::invocation::FunctionContext;
use crate::invocation::access::Ingress;
use crate::message::body::Body;
use crate::telemetry::metrics::Reason;

/// Why a request does not reach a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// For clients, the function does not exist.
    Private,
    /// The function needs a token, and the request has none that is known.
    NoToken,
    /// The client sent too many unknown tokens, and has to wait this long.
    TooManyUnknown(Duration),
    /// The token may not invoke the function.
    Forbidden,
    /// The body is longer than this many bytes.
    TooLong(u64),
}

impl Refusal {
    /// Its name in metrics and problem documents.
    pub(super) fn reason(self) -> Reason {
        match self {
            Self::Private => Reason::Private,
            Self::NoToken => Reason::NoValidToken,
            Self::TooManyUnknown(_) => Reason::TooManyTokens,
            Self::Forbidden => Reason::TokenNotAllowed,
            Self::TooLong(_) => Reason::BodyTooLong,
        }
    }
}

impl Gateway {
    /// Admits a request; returns the metadata of its token. Removes a known token from the headers,
    /// unless the function may see it.
    pub(super) fn admit(
        &self,
        function: &FunctionContext,
        headers: &mut HeaderMap,
        body: &Body,
        peer: Option<SocketAddr>,
    ) -> Result<Option<Arc<str>>, Refusal> {
        let access = &function.access;
        if access.ingress == Ingress::Private {
            return Err(Refusal::Private);
        }
        let check = match &self.tokens {
            None => TokenCheck::Unknown,
            Some(tokens) => token::check(&**tokens, &function.name, access, headers),
        };
        let metadata = match (check, access.ingress) {
            (TokenCheck::Valid { metadata }, _) => metadata,
            (TokenCheck::Forbidden, Ingress::Token) => return Err(Refusal::Forbidden),
            (TokenCheck::Unknown, Ingress::Token) => {
                return Err(self.unknown_token(function, headers, peer));
            }
            _ => None,
        };
        match access.max_body {
            Some(max) if body.least_len() > max => Err(Refusal::TooLong(max)),
            _ => Ok(metadata),
        }
    }

    /// Refuses a request without a valid token. Only tokens are counted: to send none guesses nothing.
    fn unknown_token(
        &self,
        function: &FunctionContext,
        headers: &HeaderMap,
        peer: Option<SocketAddr>,
    ) -> Refusal {
        let tokens = self.tokens.as_ref();
        let Some(tokens) = tokens.filter(|_| token::is_presented(headers)) else {
            return Refusal::NoToken;
        };
        let counted = tokens.count_unknown(&function.name, peer.map(|peer| peer.ip()));
        counted.map_or_else(Refusal::TooManyUnknown, |()| Refusal::NoToken)
    }
}
