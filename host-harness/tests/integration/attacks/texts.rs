//! Host calls in a straight line with the longest texts that the host copies, in each encoding.
//!
//! The host converts a text to UTF-8, and that takes it longest. Without a result in memory, nothing on the
//! way back runs code of the function, which would check the time.

use std::time::Duration;

use super::{CALLS, host_of, reason};
use test_support::client::Client;
use test_support::soon;
use test_support::straight::Straight;

/// How many units of a text the host copies.
const UNITS: u32 = 64 * 1024;

/// The length of a text that may have either encoding says which, in this bit.
const UTF16: u32 = 1 << 31;

/// Each encoding, how long its longest text is, and the bytes in it.
const ENCODINGS: [(&str, u32, u32); 4] = [
    ("utf8", UNITS, 0x61),
    ("utf16", UNITS, 0x61),
    ("latin1+utf16", UNITS, 0xe9),
    ("latin1+utf16", UNITS | UTF16, 0x61),
];

/// The functions that take a text and need no other argument but a network.
const FUNCTIONS: [&str; 3] = ["variable", "header", "resolve"];

/// A function that makes this number of calls.
fn attack(function: &str, length: u32, byte: u32, calls: usize) -> Straight {
    let network = match function {
        "resolve" => "(local.get $network)",
        _ => "",
    };
    let length = length.cast_signed();
    let call = format!(
        "(call ${function} {network} (i32.const 8192) (i32.const {length}) (i32.const 16))\n"
    );
    let fill = format!("(memory.fill (i32.const 8192) (i32.const {byte}) (i32.const 131072))");
    let more = format!(
        "(func $attack (local $network i32)
            (local.set $network (call $network)) {fill} {})",
        call.repeat(calls)
    );
    Straight {
        pages: 4,
        more,
        body: "(call $attack)".into(),
    }
}

/// The calls end at the CPU limit, and another function is answered meanwhile.
#[tokio::test]
async fn straight_calls_with_texts_end_with_their_cpu_time() {
    for function in FUNCTIONS {
        for (encoding, length, byte) in &ENCODINGS[1..] {
            let file = attack(function, *length, *byte, CALLS).encoded(encoding);
            let builder = host_of(&file).cpu_time(Duration::from_millis(100));
            let reason = reason(builder).await;
            assert_eq!(reason, "cpu-limit", "{function} {encoding} {length:#x}");
        }
    }
}

/// One call returns, whatever the encoding: a text is refused only for its length.
#[tokio::test]
async fn texts_of_every_encoding_are_taken() {
    for (encoding, length, byte) in ENCODINGS {
        let file = attack("variable", length, byte, 1).encoded(encoding);
        let server = host_of(&file).build().unwrap().serve("127.0.0.1:0").await;
        let answer = Client::new(server.unwrap().address()).get("/attack").await;
        assert_eq!(answer.status, 200, "{encoding} {length:#x}: {answer:?}");
    }
}

/// In a `start`, they are refused at load.
#[tokio::test]
async fn straight_calls_with_texts_at_the_start_are_refused() {
    for (encoding, length, byte) in &ENCODINGS[1..] {
        let mut attack = attack("variable", *length, *byte, CALLS);
        attack.more.push_str("(start $attack)");
        attack.body = String::new();
        let file = attack.encoded(encoding);
        let builder = host_of(&file).cpu_time(Duration::from_millis(100));
        let loaded = soon(tokio::task::spawn_blocking(move || builder.build()));
        let refused = format!("{:?}", loaded.await.unwrap().unwrap_err());
        assert!(refused.contains("CPU time limit"), "{encoding}: {refused}");
    }
}
