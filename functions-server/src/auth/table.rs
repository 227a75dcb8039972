//! The tokens in memory, for the path of a request.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::scope::{Scope, Scopes};
use super::secret;
use crate::store::tokens::TokenRow;
use crate::store::{Digest, Time};

/// A token, without the token itself.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<Scope>,
    /// `None`: all functions.
    pub(crate) functions: Option<BTreeSet<String>>,
    pub(crate) metadata: Option<Arc<str>>,
    pub(crate) created: Time,
    pub(crate) expires: Option<Time>,
    included: Scopes,
}

impl Token {
    pub(super) fn from_row(row: TokenRow) -> Result<Self, serde_json::Error> {
        let scopes: Vec<Scope> = serde_json::from_str(&row.scopes)?;
        let functions = row
            .functions
            .map(|functions| serde_json::from_str(&functions));
        Ok(Self {
            included: Scopes::new(&scopes),
            id: row.id,
            name: row.name,
            scopes,
            functions: functions.transpose()?,
            metadata: row.metadata.map(Arc::from),
            created: row.created,
            expires: row.expires,
        })
    }

    pub(crate) fn has(&self, scope: Scope) -> bool {
        self.included.include(scope)
    }

    /// The functions that it is for; `None`: all.
    pub(crate) fn functions(&self) -> Option<Vec<&str>> {
        let functions = self.functions.as_ref()?;
        Some(functions.iter().map(AsRef::as_ref).collect())
    }

    pub(crate) fn covers(&self, function: &str) -> bool {
        self.functions
            .as_ref()
            .is_none_or(|functions| functions.contains(function))
    }

    pub(crate) fn is_expired(&self) -> bool {
        self.expires.is_some_and(|expires| expires <= Time::now())
    }
}

/// All tokens, by hash.
#[derive(Debug, Clone, Default)]
pub(super) struct TokenTable(HashMap<Digest, Arc<Token>>);

impl TokenTable {
    /// The token, unless it is unknown or expired.
    pub(super) fn get(&self, token: &str) -> Option<&Arc<Token>> {
        let found = self.0.get(&secret::hash(token))?;
        (!found.is_expired()).then_some(found)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn tokens(&self) -> impl Iterator<Item = &Arc<Token>> {
        self.0.values()
    }

    pub(super) fn insert(&mut self, hash: Digest, token: Arc<Token>) {
        self.0.insert(hash, token);
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.0.retain(|_, token| token.id != id);
    }
}
