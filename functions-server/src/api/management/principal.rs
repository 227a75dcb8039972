use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;

use super::Problem;
use crate::auth::{Scope, Token, Tokens};

/// The client that sent a request, as access checks see it.
#[derive(Debug, Clone)]
pub(super) enum Principal {
    /// Somebody on this machine, as long as no token exists.
    Local,
    /// A client with this token.
    Token(Arc<Token>),
}

impl Principal {
    /// Whether the caller would be let in now as well.
    pub(super) fn is_valid(&self, tokens: &Tokens) -> bool {
        match self {
            Self::Local => !tokens.exist(),
            Self::Token(token) => tokens.is_valid(token),
        }
    }

    /// Checks that the caller may do something with any function.
    pub(super) fn may(&self, scope: Scope) -> Result<(), Problem> {
        match self {
            Self::Token(token) if !token.has(scope) => Err(Problem::new(
                StatusCode::FORBIDDEN,
                format!(
                    "the token lacks the scope \"{scope}\": use one that has it, such as `functions token \
                     create NAME --scope {scope}` makes",
                    scope = name(scope)
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Checks that the caller has one of these scopes. The first is named if not.
    pub(super) fn may_any(&self, scopes: &[Scope]) -> Result<(), Problem> {
        if scopes.iter().any(|scope| self.may(*scope).is_ok()) {
            return Ok(());
        }
        scopes.first().map_or(Ok(()), |scope| self.may(*scope))
    }

    /// Checks that the caller may do something with one function.
    pub(super) fn may_with(&self, scope: Scope, function: &str) -> Result<(), Problem> {
        self.may(scope)?;
        if !self.covers(function) {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                format!(
                    "the token is not for the function {function:?}: use one that is, such as `functions \
                     token create NAME --scope {} --function {function}` makes",
                    name(scope)
                ),
            ));
        }
        Ok(())
    }

    /// Whether the caller's token, if there is one, is for all functions.
    pub(super) fn covers_all(&self) -> bool {
        match self {
            Self::Local => true,
            Self::Token(token) => token.functions.is_none(),
        }
    }

    /// The functions that the caller's token is for; `None`: all.
    pub(super) fn functions(&self) -> Option<Vec<String>> {
        match self {
            Self::Local => None,
            Self::Token(token) => {
                let functions = token.functions()?;
                Some(functions.into_iter().map(str::to_owned).collect())
            }
        }
    }

    pub(super) fn covers(&self, function: &str) -> bool {
        match self {
            Self::Local => true,
            Self::Token(token) => token.covers(function),
        }
    }
}

fn name(scope: Scope) -> String {
    format!("{scope:?}").to_ascii_lowercase()
}

impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // `access` adds it to every request that it lets pass.
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::unauthorized("a token is required"))
    }
}
