//! The headers of a signature: structured fields (RFC 9651), as far as they occur there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Error;

/// The only member of `Signature-Input`.
#[derive(Debug, Default)]
pub(super) struct Input {
    pub(super) label: String,
    /// What is covered, in the order in which it is signed.
    pub(super) components: Vec<String>,
    /// The covered components and the parameters, as they are signed.
    pub(super) parameters: String,
    pub(super) created: Option<u64>,
    pub(super) expires: Option<u64>,
    pub(super) key_id: Option<String>,
    pub(super) algorithm: Option<String>,
}

fn malformed(name: &str) -> Error {
    Error::Unauthenticated(format!(
        "{name} is malformed, or has more than one signature"
    ))
}

/// Parses `Signature-Input`. Several signatures are refused: which of them counts would be open.
pub(super) fn input(text: &str) -> Result<Input, Error> {
    parse_input(text).ok_or_else(|| malformed("signature-input"))
}

fn parse_input(text: &str) -> Option<Input> {
    let (label, parameters) = text.split_once('=')?;
    let mut input = Input {
        label: label.to_owned(),
        parameters: parameters.to_owned(),
        ..Input::default()
    };
    let mut rest = parameters.strip_prefix('(')?;
    loop {
        rest = rest.trim_start_matches(' ');
        if let Some(after) = rest.strip_prefix(')') {
            rest = after;
            break;
        }
        let (name, after) = quoted(rest)?;
        let is_new = !input.components.contains(&name);
        // Components with parameters of their own, such as `"@path";req`, are not supported.
        if !is_new || !after.starts_with([' ', ')']) {
            return None;
        }
        input.components.push(name);
        rest = after;
    }
    while !rest.is_empty() {
        let (name, after) = rest.strip_prefix(';')?.trim_start().split_once('=')?;
        rest = match name {
            "created" => number(after, &mut input.created)?,
            "expires" => number(after, &mut input.expires)?,
            "keyid" => string(after, &mut input.key_id)?,
            "alg" => string(after, &mut input.algorithm)?,
            _ => string(after, &mut None)?,
        };
    }
    Some(input)
}

/// A string without escapes, which these fields do not need.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (inner, rest) = text.strip_prefix('"')?.split_once('"')?;
    (!inner.contains('\\')).then(|| (inner.to_owned(), rest))
}

fn string<'a>(text: &'a str, value: &mut Option<String>) -> Option<&'a str> {
    let (inner, rest) = quoted(text)?;
    *value = Some(inner);
    Some(rest)
}

fn number<'a>(text: &'a str, value: &mut Option<u64>) -> Option<&'a str> {
    let end = text.find(';').unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    *value = Some(digits.parse().ok()?);
    Some(rest)
}

/// The bytes of the member `label` of `Signature`, the only one.
pub(super) fn signature(text: &str, label: &str) -> Result<Vec<u8>, Error> {
    let value = text
        .strip_prefix(label)
        .and_then(|rest| rest.strip_prefix('='));
    value.and_then(bytes).ok_or_else(|| malformed("signature"))
}

/// Bytes in base64 between colons.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    let inner = text.strip_prefix(':')?.strip_suffix(':')?;
    STANDARD.decode(inner).ok()
}
