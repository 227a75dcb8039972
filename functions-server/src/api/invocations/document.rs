use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::queue::{Invocation, ResponseHead};
use crate::store::Time;
use crate::store::invocations::{InvocationRow, StoredMessage};

/// An invocation as all APIs show it.
pub(crate) fn document(invocation: &Invocation) -> Value {
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
    })
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
