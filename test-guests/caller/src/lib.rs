//! Calls other functions through the contract, without the SDK.
//!
//! `/HOW/TARGET/PATH?QUERY` calls the function TARGET with `/PATH?QUERY`. Method, headers and body are
//! those of the request, unless a header `x-call-...` sets them. PATH may be another such path.
#![forbid(unsafe_code)]
#![cfg(target_family = "wasm")]
#![expect(clippy::panic, reason = "a test that cannot go on has nothing to say")]

mod many;
mod request;
mod several;
mod single;

use std::time::{Duration, Instant};

use functions_bytes::__private::bindings::functions::bytes::bytes::{Buffer, Data};
use functions_guest_web::__private::bindings::exports::functions::web::handler::{
    Guest, Reply, Response,
};
use functions_guest_web::__private::bindings::functions::web::environment;

struct Caller;

functions_guest_web::__private::export!(
    Caller with_types_in functions_guest_web::__private::bindings
);

impl Guest for Caller {
    fn invoke(body: Buffer) -> Reply {
        let path = environment::path();
        let path = path.trim_start_matches('/');
        let (how, to) = path.split_once('/').unwrap_or((path, ""));
        match how {
            "call" => single::call(to, body),
            "send" => single::send(to, body),
            "try" => single::try_get(to, body),
            "read" => single::read(to, body),
            "bodiless" => single::bodiless(to),
            "url" => single::url(to),
            "stream" => single::stream(to, body),
            "join" => several::join(to),
            "drop" => several::drop_first(to),
            "then" => several::then(to, body),
            "orphan" => several::orphan(to, body),
            "flood" => several::flood(to),
            "keep" => several::keep(to),
            "abandon" => several::abandon(to),
            "many" => many::by_binding(to),
            "many-http" => many::over_http(),
            "spin" => spin(to),
            "show" => show(body),
            _ => panic!("invalid way to call {how:?}"),
        }
    }
}

/// Computes for the given milliseconds.
fn spin(milliseconds: &str) -> Reply {
    let duration = Duration::from_millis(milliseconds.parse().unwrap_or(0));
    let begun = Instant::now();
    while begun.elapsed() < duration {}
    text("spun")
}

/// Answers with the parts of the request, one line each, and the body.
fn show(body: Buffer) -> Reply {
    let query = environment::query().map_or(String::new(), |query| format!("?{query}"));
    let mut shown = format!("{} {}{query}\n", environment::method(), environment::path());
    shown += &format!("id: {}\n", environment::invocation_id());
    shown += &format!("peer: {:?}\n", environment::peer_address());
    shown += &format!("left: {:?}\n", environment::remaining_milliseconds());
    for (name, value) in environment::headers() {
        shown += &format!("{name}={}\n", String::from_utf8_lossy(&value));
    }
    println!("shown");
    let mut shown = Vec::from(shown);
    shown.extend(Buffer::into_bytes(body, None).unwrap_or_default());
    reply(200, Vec::new(), Data::Value(shown))
}

fn text(text: &str) -> Reply {
    reply(200, Vec::new(), Data::Value(text.into()))
}

fn reply(status: u16, headers: Vec<(String, Vec<u8>)>, body: Data) -> Reply {
    Reply::Response(Response {
        status,
        headers,
        body,
    })
}
