//! Signs requests to endpoints (RFC 9421).

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use ring::digest::{SHA512, digest};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::store::Time;

/// The key that a scheduler of Dispatch signs its requests with.
///
/// ```
/// use functions_server::SigningKey;
///
/// let key = SigningKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
/// assert_eq!(key.public_key(), "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=");
/// # Ok::<(), functions_server::InvalidSigningKey>(())
/// ```
pub struct SigningKey(Ed25519KeyPair);

/// A signing key cannot be read. The text does not quote it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSigningKey {
    /// The file cannot be read.
    #[error("cannot read the signing key")]
    File(#[from] std::io::Error),
    /// The text is not a key.
    #[error(
        "invalid signing key: expected a PEM private key of Ed25519 (PKCS#8), such as `openssl genpkey \
         -algorithm ed25519` makes, or 32 or 64 bytes in base64"
    )]
    Format,
}

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

impl SigningKey {
    /// Reads a key from a file.
    ///
    /// # Errors
    ///
    /// - The file cannot be read.
    /// - It contains no key.
    pub fn from_file(file: &Path) -> Result<Self, InvalidSigningKey> {
        let bytes = std::fs::read(file)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| InvalidSigningKey::Format)?;
        Self::parse(text)
    }

    /// Parses a key: PEM (PKCS#8), or base64 of the 32 bytes of a seed, or of 64 bytes, which are the seed
    /// and the public key.
    ///
    /// # Errors
    ///
    /// The text is not a key.
    pub fn parse(text: &str) -> Result<Self, InvalidSigningKey> {
        let text = text.trim();
        let pem = text
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.strip_suffix(END));
        let bytes: String = pem.unwrap_or(text).split_whitespace().collect();
        let bytes = STANDARD
            .decode(bytes)
            .map_err(|_| InvalidSigningKey::Format)?;
        let pair = match (pem, bytes.split_at_checked(32)) {
            (Some(_), _) => Ed25519KeyPair::from_pkcs8_maybe_unchecked(&bytes),
            (None, Some((seed, []))) => Ed25519KeyPair::from_seed_unchecked(seed),
            (None, Some((seed, public))) if public.len() == 32 => {
                Ed25519KeyPair::from_seed_and_public_key(seed, public)
            }
            (None, _) => return Err(InvalidSigningKey::Format),
        };
        pair.map(Self).map_err(|_| InvalidSigningKey::Format)
    }

    /// The public key in base64, as `DISPATCH_VERIFICATION_KEY` takes it.
    #[must_use]
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.0.public_key())
    }

    /// Adds the headers that sign a POST with a body.
    pub(super) fn sign(
        &self,
        url: &Uri,
        content_type: &str,
        body: &[u8],
        now: Time,
        headers: &mut HeaderMap,
    ) {
        let digest = format!("sha-512=:{}:", STANDARD.encode(digest(&SHA512, body)));
        let parameters = format!(
            "(\"@method\" \"@path\" \"@authority\" \"content-type\" \"content-digest\");created={};keyid=\
             \"default\";alg=\"ed25519\"",
            now.0.div_euclid(1000)
        );
        let base = format!(
            "\"@method\": POST\n\"@path\": {}\n\"@authority\": {}\n\"content-type\": {content_type}\n\
             \"content-digest\": {digest}\n\"@signature-params\": {parameters}",
            url.path(),
            authority(url),
        );
        let signature = STANDARD.encode(self.0.sign(base.as_bytes()));
        for (name, value) in [
            ("content-digest", digest),
            ("signature-input", format!("dispatch={parameters}")),
            ("signature", format!("dispatch=:{signature}:")),
        ] {
            // Base64 and numbers are valid in headers.
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey")
            .field(&self.public_key())
            .finish()
    }
}

/// In lower case, without the port that the scheme has anyway.
fn authority(url: &Uri) -> String {
    let authority = url.authority().map_or("", http::uri::Authority::as_str);
    let authority = authority.to_ascii_lowercase();
    let is_tls = url.scheme_str() == Some("https");
    let port = if is_tls { ":443" } else { ":80" };
    authority
        .strip_suffix(port)
        .unwrap_or(&authority)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed() -> Vec<u8> {
        (0..32).collect()
    }

    /// The signature is that of the vector that other SDKs agree on.
    #[test]
    fn signature_is_that_of_the_vector() {
        let key = SigningKey::parse(&STANDARD.encode(seed())).unwrap();
        let url = "http://Example.com:80/dispatch.sdk.v1.FunctionService/Run"
            .parse()
            .unwrap();
        let mut headers = HeaderMap::new();
        let now = Time(1_719_878_400_999);
        key.sign(&url, "application/proto", b"hello", now, &mut headers);
        assert_eq!(
            headers["signature"],
            "dispatch=:0ZR5+fYwdgyOAmZQqGHxzOiryXqqzZWXUOAkfYXcecqJrOHOZ3fQwsG5YYBB8lcWcI6GKEu70hDbvhfBb0EfBA==:"
        );
        assert_eq!(
            headers["signature-input"],
            r#"dispatch=("@method" "@path" "@authority" "content-type" "content-digest");created=1719878400;keyid="default";alg="ed25519""#
        );
    }

    /// A key is PEM, a seed, or a seed with its public key. Anything else is refused, and not quoted.
    #[test]
    fn keys_are_pem_or_base64() {
        let key = SigningKey::parse(&STANDARD.encode(seed())).unwrap();
        let mut der = vec![
            0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
        ];
        der.extend(seed());
        let pem = format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(der));
        let mut both = seed();
        both.extend(STANDARD.decode(key.public_key()).unwrap());
        for text in [pem, STANDARD.encode(&both)] {
            assert_eq!(
                SigningKey::parse(&text).unwrap().public_key(),
                key.public_key()
            );
        }
        both[63] ^= 1;
        let (short, other) = (STANDARD.encode([1; 31]), STANDARD.encode(&both));
        for text in ["", "secret", &short, &other, BEGIN] {
            let error = SigningKey::parse(text).unwrap_err().to_string();
            assert!(
                error.contains("PKCS#8") && !error.contains("secret"),
                "{error}"
            );
        }
    }
}
