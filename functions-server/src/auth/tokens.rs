//! Creates, lists and revokes tokens.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::scope::Scope;
use super::secret::{Secret, random_hex};
use super::table::{Token, TokenTable};
use super::verifier::Verifier;
use crate::store::tokens::{self, TokenRow};
use crate::store::{Store, StoreError, Time};

/// A token to create.
#[derive(Debug)]
pub(crate) struct NewToken {
    pub(crate) name: String,
    pub(crate) scopes: BTreeSet<Scope>,
    pub(crate) functions: Option<BTreeSet<String>>,
    pub(crate) metadata: Option<String>,
    pub(crate) expires: Option<Time>,
}

/// Why a token is neither created nor revoked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error(
        "the first token needs the scope \"admin\": without it nobody could create another token"
    )]
    FirstIsNotAdmin,
    #[error(
        "the first token cannot expire: after that nobody could create another token; create it without \
         \"expires\", and others with it"
    )]
    FirstExpires,
    #[error(
        "this is the last token with the scope \"admin\" that does not expire, and others exist: create another \
         one first, or revoke the others"
    )]
    LastAdmin,
    #[error("token not found")]
    NotFound,
    #[error("the operating system has no random bytes")]
    Random(#[from] getrandom::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a stored token is invalid")]
    Invalid(#[from] serde_json::Error),
}

/// The tokens of a server. The store has them, and memory a copy for the path of a request.
#[derive(Debug)]
pub(crate) struct Tokens {
    store: Arc<Store>,
    table: Arc<ArcSwap<TokenTable>>,
    /// Held by a change from its check to the new copy.
    changes: tokio::sync::Mutex<()>,
}

impl Tokens {
    /// Reads the stored tokens, on this thread.
    pub(crate) fn open(store: Arc<Store>) -> Result<Self, TokenError> {
        let mut table = TokenTable::default();
        for row in store.read_blocking(tokens::list)? {
            table.insert(row.hash, Arc::new(Token::from_row(row)?));
        }
        Ok(Self {
            store,
            table: Arc::new(ArcSwap::from_pointee(table)),
            changes: tokio::sync::Mutex::default(),
        })
    }

    /// What the host asks about tokens.
    pub(crate) fn verifier(&self) -> Verifier {
        Verifier::new(self.table.clone())
    }

    /// The token, unless it is unknown or expired. Reads memory only.
    pub(crate) fn authenticate(&self, token: &str) -> Option<Arc<Token>> {
        self.table.load().get(token).cloned()
    }

    /// Whether a token that was authenticated is so still.
    pub(crate) fn is_valid(&self, token: &Token) -> bool {
        let table = self.table.load();
        !token.is_expired() && table.tokens().any(|known| known.id == token.id)
    }

    /// Whether there is a token, expired ones included.
    pub(crate) fn exist(&self) -> bool {
        !self.table.load().is_empty()
    }

    /// All tokens, the oldest first.
    pub(crate) fn list(&self) -> Vec<Arc<Token>> {
        let mut all: Vec<_> = self.table.load().tokens().cloned().collect();
        all.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        all
    }

    /// Creates a token. It counts once this returns.
    pub(crate) async fn create(
        self: &Arc<Self>,
        new: NewToken,
    ) -> Result<(Secret, Arc<Token>), TokenError> {
        let tokens = self.clone();
        complete(async move { tokens.create_inner(new).await }).await
    }

    async fn create_inner(&self, new: NewToken) -> Result<(Secret, Arc<Token>), TokenError> {
        let _changing = self.changes.lock().await;
        if !self.exist() {
            if !new.scopes.contains(&Scope::Admin) {
                return Err(TokenError::FirstIsNotAdmin);
            }
            if new.expires.is_some() {
                return Err(TokenError::FirstExpires);
            }
        }
        let secret = Secret::generate()?;
        let functions = new
            .functions
            .map(|functions| serde_json::to_string(&functions));
        let row = TokenRow {
            id: random_hex::<8>()?,
            hash: secret.hash(),
            name: new.name,
            scopes: serde_json::to_string(&new.scopes)?,
            functions: functions.transpose()?,
            metadata: new.metadata,
            created: Time::now(),
            expires: new.expires,
        };
        let token = Arc::new(Token::from_row(row.clone())?);
        self.store
            .write(move |connection| tokens::add(connection, &row))
            .await?;
        self.change(|table| table.insert(secret.hash(), token.clone()));
        Ok((secret, token))
    }

    /// Revokes a token. Once this returns, no request is accepted with it.
    pub(crate) async fn revoke(self: &Arc<Self>, id: String) -> Result<(), TokenError> {
        let tokens = self.clone();
        complete(async move { tokens.revoke_inner(id).await }).await
    }

    async fn revoke_inner(&self, id: String) -> Result<(), TokenError> {
        let _changing = self.changes.lock().await;
        let all = self.list();
        let Some(revoked) = all.iter().find(|token| token.id == id) else {
            return Err(TokenError::NotFound);
        };
        let others = || all.iter().filter(|token| token.id != id);
        // A folder of an earlier release may have no other one.
        let has_admin = others().any(|token| match revoked.expires {
            None => token.has(Scope::Admin) && token.expires.is_none(),
            Some(_) => token.has(Scope::Admin) && !token.is_expired(),
        });
        if others().next().is_some() && !has_admin {
            return Err(TokenError::LastAdmin);
        }
        let stored = id.clone();
        self.store
            .write(move |connection| tokens::delete(connection, &stored))
            .await?;
        self.change(|table| table.remove(&id));
        Ok(())
    }

    fn change(&self, change: impl FnOnce(&mut TokenTable)) {
        let mut table = TokenTable::clone(&self.table.load());
        change(&mut table);
        self.table.store(Arc::new(table));
    }
}

/// Runs a change to its end, also if the client that asked for it goes away: store and memory agree.
async fn complete<T: Send + 'static>(
    change: impl Future<Output = Result<T, TokenError>> + Send + 'static,
) -> Result<T, TokenError> {
    tokio::spawn(change)
        .await
        .unwrap_or(Err(TokenError::Store(StoreError::Closed)))
}
