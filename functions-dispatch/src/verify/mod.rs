mod fields;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_compact::{PublicKey, Signature};
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, Request};
use sha2::{Digest as _, Sha256, Sha512};

use self::fields::Input;
use crate::Error;

/// How old a signature may be.
const MAX_AGE: Duration = Duration::from_secs(300);

/// How far ahead the clock of the scheduler may be.
const MAX_AHEAD: Duration = Duration::from_secs(5);

/// What a signature has to cover.
const COVERED: [&str; 5] = [
    "@method",
    "@path",
    "@authority",
    "content-type",
    "content-digest",
];

/// The public key of a scheduler, which signs its requests (RFC 9421, Ed25519).
///
/// ```
/// use functions_dispatch::VerificationKey;
///
/// let key = VerificationKey::parse("A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=")?;
/// let unsigned = http::Request::new(Vec::new());
/// assert!(key.verify(&unsigned, std::time::SystemTime::now()).unwrap_err().is_unauthenticated());
/// # Ok::<(), functions_dispatch::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(docsrs, doc(cfg(feature = "signatures")))]
pub struct VerificationKey(PublicKey);

impl VerificationKey {
    /// Parses a key: PEM (`-----BEGIN PUBLIC KEY-----`), in which `\n` may stand for the end of a line, or
    /// 32 bytes in base64.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`]: it is neither.
    pub fn parse(key: &str) -> Result<Self, Error> {
        let invalid = || {
            Error::InvalidKey(
                "invalid verification key: expected a PEM public key of Ed25519, or 32 bytes in base64".into(),
            )
        };
        let text = key.replace("\\n", "\n");
        let text = text.trim();
        let raw = match text.strip_prefix("-----BEGIN PUBLIC KEY-----") {
            None => STANDARD.decode(text).ok(),
            Some(rest) => rest
                .strip_suffix("-----END PUBLIC KEY-----")
                .and_then(|inner| {
                    let inner: String = inner.split_whitespace().collect();
                    let der = STANDARD.decode(inner).ok()?;
                    Some(der.strip_prefix(&SPKI[..])?.to_vec())
                }),
        };
        let raw = raw.ok_or_else(invalid)?;
        PublicKey::from_slice(&raw).map(Self).map_err(|_| invalid())
    }

    /// Checks that the scheduler has sent a request, and its body, at most five minutes before `now`.
    ///
    /// `@authority` and `@path` are those of the request's URI, or of its `host`.
    ///
    /// # Errors
    ///
    /// - [`Error::Unauthenticated`]: the signature is missing or malformed, or does not cover what it has to.
    /// - [`Error::PermissionDenied`]: it is of another key, of another request or body, or too old.
    pub fn verify<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        now: SystemTime,
    ) -> Result<(), Error> {
        let headers = request.headers();
        let input = fields::input(&only(headers, "signature-input")?)?;
        let signature = fields::signature(&only(headers, "signature")?, &input.label)?;
        let signature = Signature::from_slice(&signature)
            .map_err(|_| Error::Unauthenticated("the signature does not have 64 bytes".into()))?;
        check_input(&input)?;
        check_age(&input, now)?;
        let base = base(&input, request)?;
        if self.0.verify(base, &signature).is_err() {
            return Err(denied("the signature is not of this key and request"));
        }
        // After the signature, which covers the digest.
        check_digest(&only(headers, "content-digest")?, request.body().as_ref())
    }
}

/// What precedes the 32 bytes of a key in `SubjectPublicKeyInfo` (RFC 8410).
const SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

fn denied(why: &str) -> Error {
    Error::PermissionDenied(why.to_owned())
}

/// The value of a header; several are joined as HTTP has it.
fn only(headers: &HeaderMap, name: &str) -> Result<String, Error> {
    let mut values = Vec::new();
    for value in headers.get_all(name) {
        let text = value.to_str();
        let text = text.map_err(|_| Error::Unauthenticated(format!("{name} is not ASCII")))?;
        values.push(text.trim());
    }
    match values.is_empty() {
        true => Err(Error::Unauthenticated(format!("the request has no {name}"))),
        false => Ok(values.join(", ")),
    }
}

fn check_input(input: &Input) -> Result<(), Error> {
    for name in COVERED {
        if !input.components.iter().any(|covered| covered == name) {
            let why = format!("the signature does not cover {name}");
            return Err(Error::Unauthenticated(why));
        }
    }
    if input.key_id.as_deref() != Some("default") {
        let why = "the signature has another keyid than \"default\"";
        return Err(Error::Unauthenticated(why.to_owned()));
    }
    match input.algorithm.as_deref() {
        None | Some("ed25519") => Ok(()),
        Some(_) => Err(Error::Unauthenticated(
            "the signature's alg is not ed25519".into(),
        )),
    }
}

fn check_age(input: &Input, now: SystemTime) -> Result<(), Error> {
    let time = |seconds: u64| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    let created = input.created.and_then(time);
    let created = created.ok_or_else(|| {
        Error::Unauthenticated("the signature does not say when it was created".into())
    })?;
    let is_expired = input
        .expires
        .is_some_and(|expires| time(expires).is_none_or(|end| end < now));
    match now.duration_since(created) {
        Ok(age) if age > MAX_AGE => Err(denied("the signature is too old")),
        Err(ahead) if ahead.duration() > MAX_AHEAD => {
            Err(denied("the signature is of the future: compare the clocks"))
        }
        _ if is_expired => Err(denied("the signature has expired")),
        _ => Ok(()),
    }
}

/// The text that is signed.
fn base<B>(input: &Input, request: &Request<B>) -> Result<String, Error> {
    let mut base = String::new();
    for name in &input.components {
        let value = match name.as_str() {
            "@method" => request.method().as_str().to_owned(),
            "@path" => match request.uri().path() {
                "" => "/".to_owned(),
                path => path.to_owned(),
            },
            "@authority" => authority(request)?,
            derived if derived.starts_with('@') => {
                let why = format!("the signature covers {derived}, which is not supported");
                return Err(Error::Unauthenticated(why));
            }
            header => only(request.headers(), header)?,
        };
        base.push_str(&format!("\"{name}\": {value}\n"));
    }
    base.push_str(&format!("\"@signature-params\": {}", input.parameters));
    Ok(base)
}

/// In lower case, without the port that its scheme has anyway.
fn authority<B>(request: &Request<B>) -> Result<String, Error> {
    let authority = match request.uri().authority() {
        Some(authority) => authority.as_str().to_owned(),
        None => only(request.headers(), HOST.as_str())?,
    };
    let authority = authority.to_ascii_lowercase();
    let port = match request.uri().scheme_str() {
        Some("https") => ":443",
        _ => ":80",
    };
    Ok(authority
        .strip_suffix(port)
        .unwrap_or(&authority)
        .to_owned())
}

fn check_digest(digest: &str, body: &[u8]) -> Result<(), Error> {
    let mut is_known = false;
    for member in digest.split(',') {
        let Some((name, value)) = member.trim().split_once('=') else {
            return Err(Error::Unauthenticated("content-digest is malformed".into()));
        };
        let expected = match name {
            "sha-512" => Sha512::digest(body).to_vec(),
            "sha-256" => Sha256::digest(body).to_vec(),
            _ => continue,
        };
        is_known = true;
        if fields::bytes(value) != Some(expected) {
            return Err(denied("the body is not the one that was signed"));
        }
    }
    match is_known {
        true => Ok(()),
        false => Err(Error::Unauthenticated(format!(
            "{CONTENT_TYPE} is signed, but content-digest is neither sha-512 nor sha-256"
        ))),
    }
}
