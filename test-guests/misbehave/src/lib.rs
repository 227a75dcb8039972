//! Does what no function should do, one path each, through the contract without the SDK.
//!
//! Run it with `functions serve` to see how the host reacts.
#![forbid(unsafe_code)]
#![cfg(target_family = "wasm")]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what goes wrong here is to go wrong"
)]

mod abuse;
mod bodies;
mod output;
mod replies;
mod streams;

use functions_bytes::__private::bindings::functions::bytes::bytes::{Buffer, Data};
use functions_guest_web::__private::bindings::exports::functions::web::handler::{
    Guest, Reply, Response,
};
use functions_guest_web::__private::bindings::functions::web::environment;

struct Misbehave;

functions_guest_web::__private::export!(
    Misbehave with_types_in functions_guest_web::__private::bindings
);

impl Guest for Misbehave {
    fn invoke(request: Buffer) -> Reply {
        let path = environment::path();
        match path.strip_prefix("/stream-then") {
            Some(then) => streams::begin_and(|| answer(then, request)),
            None => answer(&path, request),
        }
    }
}

fn answer(path: &str, request: Buffer) -> Reply {
    match path {
        "/environment" => text(&replies::environment()),
        "/print" => output::print(),
        "/print-both" => output::print_both(),
        "/print-trap" => output::print_and_trap(),
        "/print-forged" => output::print_forged(),
        "/print-lines" => output::print_lines(),
        "/log" => output::log_all(),
        "/log-long" => output::log_long(),
        "/panic" => panic!("on purpose"),
        "/loop" => abuse::compute_for_ever(),
        "/sleep" => abuse::sleep_for_ever(),
        "/grow" => abuse::allocate_for_ever(),
        "/recurse" => text(&abuse::recurse_for_ever(1).to_string()),
        "/exit" => std::process::exit(3),
        "/handles" => abuse::flood_handles(&request),
        "/status" => replies::status(),
        "/headers" => replies::headers(request),
        "/large" => reply(200, Vec::new(), Data::Value(vec![7; 32 * 1024 * 1024])),
        "/streamed" => Reply::Streamed,
        "/collect" => bodies::collect(request),
        "/length" => bodies::length(request),
        "/one-call" => text(&request.length().unwrap_or(0).to_string()),
        "/chunks" => bodies::chunks(&request),
        "/poll" => bodies::poll(request),
        "/stream" => streams::whole(),
        "/stream-status" => streams::status(),
        "/stream-headers" => streams::headers(request),
        "/stream-echo" => streams::echo(&request),
        "/stream-silent" => streams::silent(),
        "/stream-slow" => streams::slow(),
        "/stream-twice" => streams::twice(),
        "/stream-drop" => streams::dropped(),
        "/stream-flood" => streams::flood(),
        "/stream-poll" => streams::poll(),
        _ => text("unknown"),
    }
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

/// The number in the request's query, `?N`.
fn number() -> u64 {
    environment::query()
        .and_then(|query| query.parse().ok())
        .unwrap_or(0)
}
