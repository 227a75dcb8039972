use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::store::{Store, Time};

fn open(folder: &std::path::Path) -> Arc<Tokens> {
    let store = Arc::new(Store::open(folder).unwrap());
    Arc::new(Tokens::open(store).unwrap())
}

fn new(scopes: &[Scope]) -> NewToken {
    NewToken {
        name: "test".to_owned(),
        scopes: scopes.iter().copied().collect(),
        functions: None,
        metadata: None,
        expires: None,
    }
}

/// Tokens and what they allow survive a restart; the folder has no token in clear.
#[tokio::test]
async fn tokens_survive_reopening_as_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = open(folder.path());
    let (admin, _) = tokens.create(new(&[Scope::Admin])).await.unwrap();
    let mut limited = new(&[Scope::Invoke, Scope::Read]);
    limited.functions = Some(BTreeSet::from(["a".to_owned()]));
    limited.metadata = Some("user 7".to_owned());
    let (secret, _) = tokens.create(limited).await.unwrap();
    drop(tokens);

    let tokens = open(folder.path());
    assert!(
        tokens
            .authenticate(admin.reveal())
            .unwrap()
            .has(Scope::Deploy)
    );
    let token = tokens.authenticate(secret.reveal()).unwrap();
    assert!(token.has(Scope::Invoke) && token.has(Scope::Read) && !token.has(Scope::Deploy));
    assert!(token.covers("a") && !token.covers("b"));
    assert_eq!(token.metadata.as_deref(), Some("user 7"));
    assert!(!format!("{secret:?} {token:?}").contains(secret.reveal()));
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(path).unwrap();
            let random = &secret.reveal().as_bytes()[4..];
            assert!(!bytes.windows(random.len()).any(|window| window == random));
        }
    }
}

/// The first token needs `admin`.
#[tokio::test]
async fn first_token_without_admin_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = open(folder.path());
    let all_others = [Scope::Deploy, Scope::Invoke, Scope::Read, Scope::Dispatch];
    let error = tokens.create(new(&all_others)).await.unwrap_err();
    assert!(matches!(error, TokenError::FirstIsNotAdmin));
    assert!(!tokens.exist());
    tokens.create(new(&[Scope::Admin])).await.unwrap();
    tokens.create(new(&all_others)).await.unwrap();
}

/// The first token, and the last one with `admin`, does not expire: somebody can always create tokens.
#[tokio::test]
async fn some_admin_never_expires() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = open(folder.path());
    let expiring = || NewToken {
        expires: Some(Time(Time::now().0 + 60_000)),
        ..new(&[Scope::Admin])
    };
    let error = tokens.create(expiring()).await.unwrap_err();
    assert!(matches!(error, TokenError::FirstExpires));
    assert!(!tokens.exist());
    let (_, first) = tokens.create(new(&[Scope::Admin])).await.unwrap();
    let (_, second) = tokens.create(expiring()).await.unwrap();
    let error = tokens.revoke(first.id.clone()).await.unwrap_err();
    assert!(matches!(error, TokenError::LastAdmin));
    tokens.revoke(second.id.clone()).await.unwrap();
    tokens.create(new(&[Scope::Admin])).await.unwrap();
    tokens.revoke(first.id.clone()).await.unwrap();
}

/// A revoked, expired or invented token is not valid.
#[tokio::test]
async fn revoked_expired_and_unknown_tokens_are_invalid() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = open(folder.path());
    tokens.create(new(&[Scope::Admin])).await.unwrap();
    let (secret, token) = tokens.create(new(&[Scope::Read])).await.unwrap();
    assert!(tokens.authenticate(secret.reveal()).is_some());
    tokens.revoke(token.id.clone()).await.unwrap();
    assert!(tokens.authenticate(secret.reveal()).is_none());
    let error = tokens.revoke(token.id.clone()).await.unwrap_err();
    assert!(matches!(error, TokenError::NotFound));

    let mut past = new(&[Scope::Read]);
    past.expires = Some(Time(Time::now().0 - 1));
    let (secret, _) = tokens.create(past).await.unwrap();
    assert!(tokens.authenticate(secret.reveal()).is_none());
    for invented in ["", "fnt_", &"0".repeat(68)] {
        assert!(tokens.authenticate(invented).is_none());
    }
}

/// As long as there are others, one token with `admin` stays, so that somebody can create tokens.
#[tokio::test]
async fn last_admin_is_revoked_last() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = open(folder.path());
    let (_, admin) = tokens.create(new(&[Scope::Admin])).await.unwrap();
    let (_, other) = tokens.create(new(&[Scope::Read])).await.unwrap();
    let error = tokens.revoke(admin.id.clone()).await.unwrap_err();
    assert!(matches!(error, TokenError::LastAdmin));
    tokens.revoke(other.id.clone()).await.unwrap();
    tokens.revoke(admin.id.clone()).await.unwrap();
    assert!(!tokens.exist());
}
