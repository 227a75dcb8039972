//! Changes the key of stored secrets.

use super::DeploymentError;
use super::settings::{SecretsError, SecretsKey};
use crate::store::Store;
use crate::store::functions::{self, VersionRow};

/// How many versions are written at once.
const PAGE: usize = 1000;

/// The keys of a start.
#[derive(Default)]
pub(crate) struct Keys {
    /// Encrypts, and decrypts.
    pub(crate) current: Option<SecretsKey>,
    /// What stored secrets may be encrypted with.
    pub(crate) previous: Option<SecretsKey>,
}

/// Encrypts with `key` what is stored of all versions and encrypted with `previous`, on this thread.
///
/// A start that is killed meanwhile leaves both kinds, and the next one with both keys continues.
pub(super) fn rotate(
    store: &Store,
    key: &SecretsKey,
    previous: &SecretsKey,
) -> Result<(), DeploymentError> {
    let (mut after, mut count) = ((String::new(), 0), 0);
    loop {
        let behind = (after.0.as_str(), after.1);
        let rows =
            store.read_blocking(|connection| functions::with_secrets(connection, behind, PAGE))?;
        let Some(last) = rows.last() else { break };
        after = (last.function.clone(), last.number);
        let mut changed = Vec::new();
        for row in rows {
            if let Some(secrets) = encrypt_again(&row, key, previous)? {
                changed.push((row.function, row.number, secrets));
            }
        }
        count += changed.len();
        store.write_blocking(move |connection| {
            changed.iter().try_for_each(|(name, number, secrets)| {
                functions::put_secrets(connection, (name, *number), secrets)
            })
        })?;
    }
    tracing::info!(
        versions = count,
        "secrets were encrypted with the current key"
    );
    Ok(())
}

/// The secrets of a version, if only the previous key decrypts them. Damaged ones stay as they are.
fn encrypt_again(
    row: &VersionRow,
    key: &SecretsKey,
    previous: &SecretsKey,
) -> Result<Option<Vec<u8>>, SecretsError> {
    let name = &row.function;
    let stored = row.secrets.as_deref().unwrap_or_default();
    if key.decrypt(name, stored).is_ok() {
        return Ok(None);
    }
    match previous.decrypt(name, stored) {
        Ok(secrets) => key.encrypt(name, &secrets).map(Some),
        Err(_) => Ok(None),
    }
}
