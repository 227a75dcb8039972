//! Secrets: values that only the function reads. They are encrypted at rest.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

/// The length of a nonce, which stands before the encrypted bytes.
const NONCE: usize = 24;

/// The secrets of a version. Values are never printed.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Secrets(pub(crate) BTreeMap<String, String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The key that secrets are encrypted with at rest.
#[derive(Clone)]
pub struct SecretsKey(XChaCha20Poly1305);

/// A key is invalid. The text never has the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// The text is not a key.
    #[error(
        "invalid secrets key: expected 64 hexadecimal digits, such as `openssl rand -hex 32` prints"
    )]
    Malformed,
    /// The file cannot be read.
    #[error("the secrets key file {file} cannot be read", file = .file.display())]
    Unreadable {
        /// The file.
        file: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl SecretsKey {
    /// Parses 64 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// The text is anything else.
    ///
    /// ```
    /// use functions_server::SecretsKey;
    ///
    /// assert!(SecretsKey::from_hex(&"0f".repeat(32)).is_ok());
    /// assert!(SecretsKey::from_hex("secret").is_err());
    /// ```
    pub fn from_hex(text: &str) -> Result<Self, InvalidKey> {
        let text = text.trim();
        let mut key = [0; 32];
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(InvalidKey::Malformed);
        }
        for (index, byte) in key.iter_mut().enumerate() {
            let digits = text.get(2 * index..2 * index + 2).unwrap_or_default();
            *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidKey::Malformed)?;
        }
        Ok(Self(XChaCha20Poly1305::new(&key.into())))
    }

    /// Reads a key from a file.
    ///
    /// # Errors
    ///
    /// - The file cannot be read.
    /// - Its text is not a key.
    pub fn from_file(file: impl AsRef<Path>) -> Result<Self, InvalidKey> {
        let file = file.as_ref();
        let text = std::fs::read_to_string(file).map_err(|source| InvalidKey::Unreadable {
            file: file.to_owned(),
            source,
        })?;
        Self::from_hex(&text)
    }

    /// Encrypts the secrets of a function. The result is of use for that function only.
    pub(crate) fn encrypt(
        &self,
        function: &str,
        secrets: &Secrets,
    ) -> Result<Vec<u8>, SecretsError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| SecretsError::Encrypt)?;
        let text = serde_json::to_vec(&secrets.0).map_err(|_| SecretsError::Encrypt)?;
        let payload = Payload {
            msg: &text,
            aad: function.as_bytes(),
        };
        let encrypted = self.0.encrypt(&XNonce::from(nonce), payload);
        let mut stored = nonce.to_vec();
        stored.extend(encrypted.map_err(|_| SecretsError::Encrypt)?);
        Ok(stored)
    }

    /// Decrypts what `encrypt` gave.
    pub(crate) fn decrypt(&self, function: &str, stored: &[u8]) -> Result<Secrets, SecretsError> {
        let (nonce, encrypted) = stored
            .split_at_checked(NONCE)
            .ok_or(SecretsError::Decrypt)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| SecretsError::Decrypt)?;
        let payload = Payload {
            msg: encrypted,
            aad: function.as_bytes(),
        };
        let text = self.0.decrypt(&XNonce::from(nonce), payload);
        let text = text.map_err(|_| SecretsError::Decrypt)?;
        serde_json::from_slice(&text)
            .map(Secrets)
            .map_err(|_| SecretsError::Decrypt)
    }
}

impl fmt::Debug for SecretsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretsKey")
    }
}

/// Secrets cannot be stored or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SecretsError {
    #[error(
        "secrets need a key: start the server with --secrets-key-file FILE or FUNCTIONS_SECRETS_KEY"
    )]
    NoKey,
    #[error("the secrets cannot be encrypted")]
    Encrypt,
    #[error(
        "stored secrets were encrypted with another key, or are damaged: start the server with the key \
             that they were stored with"
    )]
    Decrypt,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stored secrets are of use with their key and for their function only, and have no value in clear.
    #[test]
    fn secrets_are_encrypted_for_their_function() {
        let key = SecretsKey::from_hex(&"7f".repeat(32)).unwrap();
        let other = SecretsKey::from_hex(&"7e".repeat(32)).unwrap();
        let secrets = Secrets(BTreeMap::from([("KEY".into(), "hunter2".into())]));
        let stored = key.encrypt("a", &secrets).unwrap();
        assert!(!stored.windows(7).any(|window| window == b"hunter2"));
        assert_eq!(key.decrypt("a", &stored), Ok(secrets.clone()));
        assert_eq!(key.decrypt("b", &stored), Err(SecretsError::Decrypt));
        assert_eq!(other.decrypt("a", &stored), Err(SecretsError::Decrypt));
        for length in 0..stored.len() {
            assert_eq!(
                key.decrypt("a", &stored[..length]),
                Err(SecretsError::Decrypt)
            );
        }
        let mut changed = stored.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(key.decrypt("a", &changed), Err(SecretsError::Decrypt));
        assert_ne!(
            key.encrypt("a", &secrets).unwrap(),
            stored,
            "each has its own nonce"
        );
        assert_eq!(format!("{secrets:?} {key:?}"), "{\"KEY\"} SecretsKey");
    }
}
