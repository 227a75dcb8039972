//! What the host asks about the tokens of requests to functions.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use host_harness::{TokenCheck, TokenVerifier};

use super::rate_limit::FailureLimit;
use super::scope::Scope;
use super::table::TokenTable;

/// Checks tokens against the copy in memory. It does not keep the store open.
#[derive(Debug)]
pub(crate) struct Verifier {
    table: Arc<ArcSwap<TokenTable>>,
    failures: FailureLimit,
}

impl Verifier {
    pub(super) fn new(table: Arc<ArcSwap<TokenTable>>) -> Self {
        Self {
            table,
            failures: FailureLimit::default(),
        }
    }
}

impl TokenVerifier for Verifier {
    fn verify(&self, token: &str, function: &str) -> TokenCheck {
        match self.table.load().get(token) {
            None => TokenCheck::Unknown,
            Some(token) if token.has(Scope::Invoke) && token.covers(function) => {
                TokenCheck::Valid {
                    metadata: token.metadata.clone(),
                }
            }
            Some(_) => TokenCheck::Forbidden,
        }
    }

    fn count_unknown(&self, function: &str, peer: Option<IpAddr>) -> Result<(), Duration> {
        self.failures.record(peer)?;
        tracing::warn!(function, ?peer, "a request had an unknown or expired token");
        Ok(())
    }
}
