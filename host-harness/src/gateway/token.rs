//! Tokens of requests from outside: `Authorization: Bearer TOKEN` (RFC 6750).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::invocation::access::Access;

/// Knows the tokens that clients present.
///
/// ```
/// use host_harness::{TokenCheck, TokenVerifier};
///
/// struct OneToken;
///
/// impl TokenVerifier for OneToken {
///     fn verify(&self, token: &str, function: &str) -> TokenCheck {
///         match (token, function) {
///             ("s3cret", "greet") => TokenCheck::Valid { metadata: Some("user-1".into()) },
///             ("s3cret", _) => TokenCheck::Forbidden,
///             _ => TokenCheck::Unknown,
///         }
///     }
/// }
///
/// let builder = host_harness::Harness::builder().token_verifier(OneToken);
/// ```
pub trait TokenVerifier: Send + Sync + 'static {
    /// Checks a token of a request to a function.
    ///
    /// Called on a thread of the runtime for each request that carries a token, so it should not block.
    fn verify(&self, token: &str, function: &str) -> TokenCheck;

    /// Counts a request with an unknown token to a function that needs one. Fails with how long the client
    /// has to wait if it sent too many: the answer is then 429 instead of 401.
    ///
    /// Never called for a token that [`verify`](Self::verify) knows, and never for functions that need
    /// none, whose clients may send `Authorization` for other reasons. `peer` is the client's address
    /// behind [trusted proxies](crate::Builder::trusted_proxy), if it has one. Counts nothing unless
    /// implemented.
    fn count_unknown(&self, function: &str, peer: Option<IpAddr>) -> Result<(), Duration> {
        let _ = (function, peer);
        Ok(())
    }
}

/// What a token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenCheck {
    /// The token is unknown or has expired.
    Unknown,
    /// The token may not invoke the function.
    Forbidden,
    /// The token may invoke the function.
    Valid {
        /// What the function gets as `WebEnvironment::token_metadata`.
        metadata: Option<Arc<str>>,
    },
}

/// Checks the token of a request, and removes it from the headers unless the function may see it.
///
/// A token that the host does not know stays: it may be meant for the function. Several headers are no
/// valid request (RFC 9110, section 11.6.2), so none of them is accepted, and a known one is removed.
pub(super) fn check(
    verifier: &dyn TokenVerifier,
    function: &str,
    access: &Access,
    headers: &mut HeaderMap,
) -> TokenCheck {
    let mut checks = headers.get_all(AUTHORIZATION).iter().map(|value| {
        let token = bearer(value);
        token.map_or(TokenCheck::Unknown, |token| {
            verifier.verify(token, function)
        })
    });
    let Some(first) = checks.next() else {
        return TokenCheck::Unknown;
    };
    let mut is_known = first != TokenCheck::Unknown;
    let mut check = first;
    for other in checks {
        is_known |= other != TokenCheck::Unknown;
        check = TokenCheck::Unknown;
    }
    let may_see = access.pass_authorization && matches!(check, TokenCheck::Valid { .. });
    if is_known && !may_see {
        headers.remove(AUTHORIZATION);
    }
    check
}

/// Whether a request presents a token, known or not.
pub(super) fn is_presented(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    values.any(|value| bearer(value).is_some())
}

/// The token of a header, if its scheme is `Bearer`, in any case.
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Known;

    impl TokenVerifier for Known {
        fn verify(&self, token: &str, _: &str) -> TokenCheck {
            match token {
                "valid" => TokenCheck::Valid { metadata: None },
                "other" => TokenCheck::Forbidden,
                _ => TokenCheck::Unknown,
            }
        }
    }

    /// A known token never reaches the function unless its setting says so; any other value does.
    #[test]
    fn known_tokens_are_removed() {
        let valid = TokenCheck::Valid { metadata: None };
        for (values, pass, check, left) in [
            (&[][..], false, TokenCheck::Unknown, 0),
            (&["Bearer valid"], false, valid.clone(), 0),
            (&["bEaReR   valid "], false, valid.clone(), 0),
            (&["Bearer valid"], true, valid, 1),
            (&["Bearer other"], true, TokenCheck::Forbidden, 0),
            (&["Bearer unknown"], false, TokenCheck::Unknown, 1),
            (&["Basic valid"], false, TokenCheck::Unknown, 1),
            (&["Bearer"], false, TokenCheck::Unknown, 1),
            (&["valid"], false, TokenCheck::Unknown, 1),
            (
                &["Bearer valid", "Bearer valid"],
                true,
                TokenCheck::Unknown,
                0,
            ),
            (&["Basic x", "Bearer valid"], false, TokenCheck::Unknown, 0),
            (&["Basic x", "Bearer y"], false, TokenCheck::Unknown, 2),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_static(value));
            }
            let access = Access {
                pass_authorization: pass,
                ..Access::default()
            };
            let found = super::check(&Known, "f", &access, &mut headers);
            assert_eq!(found, check, "{values:?}");
            let remaining = headers.get_all(AUTHORIZATION).iter().count();
            assert_eq!(remaining, left, "{values:?}");
        }
    }
}
