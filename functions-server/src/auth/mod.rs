//! Tokens, and what they allow.

mod rate_limit;
mod scope;
mod secret;
mod table;
#[cfg(test)]
mod tests;
mod tokens;
mod verifier;

pub(crate) use rate_limit::FailureLimit;
pub(crate) use scope::Scope;
pub(crate) use table::Token;
pub(crate) use tokens::{NewToken, TokenError, Tokens};
