//! What the host asks about the tokens of requests to functions.

use std::sync::Arc;

use arc_swap::ArcSwap;
use host_harness::{TokenCheck, TokenVerifier};

use super::scope::Scope;
use super::table::TokenTable;

/// Checks tokens against the copy in memory. It does not keep the store open.
#[derive(Debug)]
pub(crate) struct Verifier(pub(super) Arc<ArcSwap<TokenTable>>);

impl TokenVerifier for Verifier {
    fn verify(&self, token: &str, function: &str) -> TokenCheck {
        match self.0.load().get(token) {
            None => TokenCheck::Unknown,
            Some(token) if token.has(Scope::Invoke) && token.covers(function) => {
                TokenCheck::Valid {
                    metadata: token.metadata.clone(),
                }
            }
            Some(_) => TokenCheck::Forbidden,
        }
    }
}
