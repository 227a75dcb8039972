//! Replies that the host has to check.

use functions_bytes::__private::bindings::functions::bytes::bytes::{Buffer, Data};
use functions_guest_web::__private::bindings::exports::functions::web::handler::Reply;
use functions_guest_web::__private::bindings::functions::web::environment;

use crate::{number, reply};

/// Everything in the environment, one line each.
pub(crate) fn environment() -> String {
    let mut lines = vec![
        format!("method={}", environment::method()),
        format!("path={}", environment::path()),
        format!("query={:?}", environment::query()),
        format!("name={}", environment::function_name()),
        format!("version={}", environment::function_version()),
        format!("id={}", environment::invocation_id()),
        format!("token={:?}", environment::token_metadata()),
        format!("variables={:?}", environment::variables()),
        format!("variable={:?}", environment::variable("none")),
        format!("peer={}", environment::peer_address().is_some()),
        format!(
            "remaining={}",
            environment::remaining_milliseconds().is_some()
        ),
        format!("x-test={}", environment::header("X-Test").len()),
    ];
    for (name, value) in environment::headers() {
        lines.push(format!("{name}: {}", String::from_utf8_lossy(&value)));
    }
    lines.join("\n")
}

/// An invalid status, from the query.
pub(crate) fn status() -> Reply {
    let status = u16::try_from(number()).unwrap_or(u16::MAX);
    reply(status, Vec::new(), Data::Value("body".into()))
}

/// Replies with the headers that the body lists, one `name: value` per line, unchanged.
pub(crate) fn headers(request: Buffer) -> Reply {
    reply(200, listed(request), Data::Value("body".into()))
}

/// Parses the headers that a body lists.
pub(crate) fn listed(request: Buffer) -> Vec<(String, Vec<u8>)> {
    let text = Buffer::into_bytes(request, None).unwrap_or_default();
    text.split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = String::from_utf8_lossy(&line[..colon]).into_owned();
            Some((name, line[colon + 1..].trim_ascii_start().to_vec()))
        })
        .collect()
}
