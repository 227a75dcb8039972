//! What is sent to a scheduler, and what it answers.

use crate::wire::{Field, Reader, message, text};
use crate::{Call, DispatchId, Error};

/// `DispatchRequest`.
pub(super) fn encode(calls: &[Call]) -> Result<Vec<u8>, Error> {
    if let Some(local) = calls.iter().find(|call| call.endpoint.is_none()) {
        return Err(Error::InvalidCall(format!(
            "the call of {:?} has no endpoint: use `Call::new`, or await it with `call`",
            local.function
        )));
    }
    Ok(message(|writer| {
        for call in calls {
            let call = call.clone().into_message();
            writer.message(1, |inner| call.encode(inner));
        }
    }))
}

/// `DispatchResponse`: one id for each call.
pub(super) fn decode(bytes: &[u8], calls: usize) -> Result<Vec<DispatchId>, Error> {
    let mut ids = Vec::with_capacity(calls);
    let mut reader = Reader::new(bytes);
    while let Some((number, field)) = reader.next()? {
        if let (1, Field::Bytes(id)) = (number, field) {
            ids.push(DispatchId(text(id)?));
        }
    }
    if ids.len() != calls {
        let why = format!("the scheduler returned {} ids for {calls} calls", ids.len());
        return Err(Error::invalid_message(why));
    }
    Ok(ids)
}

/// The error of a response without success: a JSON object, or any text of a proxy.
pub(super) fn refused(status: u16, body: &[u8]) -> Error {
    let (code, message) = connect_error(body).unwrap_or_else(|| {
        let message = format!("the scheduler answered with status {status}");
        (code_of(status).to_owned(), message)
    });
    Error::Refused { code, message }
}

#[cfg(feature = "json")]
fn connect_error(body: &[u8]) -> Option<(String, String)> {
    let json: serde_json::Value = serde_json::from_slice(body).ok()?;
    let member = |name| json.get(name)?.as_str().map(str::to_owned);
    Some((member("code")?, member("message").unwrap_or_default()))
}

#[cfg(not(feature = "json"))]
fn connect_error(_: &[u8]) -> Option<(String, String)> {
    None
}

/// The code that Connect has for a status of HTTP.
fn code_of(status: u16) -> &'static str {
    match status {
        400 => "internal",
        403 => "permission_denied",
        404 => "unimplemented",
        429 | 502..=504 => "unavailable",
        _ => "unknown",
    }
}
