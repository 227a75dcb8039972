use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::store::Digest;

/// Lets tools that look for leaked secrets recognise a token.
const PREFIX: &str = "fnt_";

/// A token as its owner has it. Only its hash is kept.
pub(crate) struct Secret(String);

impl Secret {
    /// 256 random bits.
    ///
    /// # Errors
    ///
    /// The operating system has no random bytes.
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        Ok(Self(format!("{PREFIX}{}", random_hex::<32>()?)))
    }

    pub(super) fn hash(&self) -> Digest {
        hash(&self.0)
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What a token is looked up by. How long a lookup takes tells about the hash only, which nobody can
/// choose, and not about the token.
pub(super) fn hash(token: &str) -> Digest {
    Digest(Sha256::digest(token).into())
}

/// Random bytes in hexadecimal.
pub(super) fn random_hex<const LENGTH: usize>() -> Result<String, getrandom::Error> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
