use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::dispatch::{CallDetails, CallState};
use crate::queue::{ResponseHead, StoredInvocation};
use crate::store::Time;
use crate::store::calls::CallView;
use crate::store::invocations::{InvocationRow, StoredMessage};

/// An invocation as all APIs show it.
pub(crate) fn document(invocation: &StoredInvocation) -> Value {
    let mut document = summary(&invocation.row);
    if let Value::Object(members) = &mut document {
        let result = invocation.result.as_ref().and_then(result);
        members.insert("result".to_owned(), result.unwrap_or_default());
    }
    document
}

/// An invocation without its result, as in lists.
pub(crate) fn summary(row: &InvocationRow) -> Value {
    let time = |time: Option<Time>| time.map(|time| time.to_string());
    json!({
        "id": row.id.to_string(),
        "function": row.function,
        "version": row.version,
        "state": row.state.name(),
        "attempts": row.attempts,
        "accepted": row.accepted.to_string(),
        "started": time(row.started),
        "finished": time(row.finished),
        "error": row.error,
        "requestId": row.request_id,
    })
}

/// A call of Dispatch as an invocation. What it answered is a message of Dispatch, and not shown.
pub(crate) fn call_summary(state: CallState, view: &CallView, started: Option<Time>) -> Value {
    let time = |time: Option<Time>| time.map(|time| time.to_string());
    json!({
        "id": view.id,
        "function": view.function,
        "endpoint": view.endpoint,
        "version": null,
        "state": state.name(),
        "attempts": view.attempts,
        "accepted": view.created.to_string(),
        "started": time(started),
        "finished": time(view.finished),
        "error": view.error,
        "requestId": null,
    })
}

/// The same with the result that all have.
pub(crate) fn call_document(shown: &CallDetails) -> Value {
    // The last hundred attempts are kept.
    let attempts = shown.attempts.as_deref().unwrap_or_default();
    let started = attempts.last().map(|attempt| attempt.started);
    let mut document = call_summary(shown.state, &shown.view, started);
    if let Value::Object(members) = &mut document {
        members.insert("result".to_owned(), Value::Null);
    }
    document
}

fn result(message: &StoredMessage) -> Option<Value> {
    let head = ResponseHead::parse(message).ok()?;
    let headers: Vec<_> = head.headers.shown().collect();
    let (body, encoding) = match std::str::from_utf8(&message.body) {
        Ok(text) => (text.to_owned(), "utf8"),
        Err(_) => (STANDARD.encode(&message.body), "base64"),
    };
    Some(json!({
        "status": head.status,
        "headers": headers,
        "body": body,
        "encoding": encoding,
    }))
}
