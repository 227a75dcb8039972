//! Reads all of its memory, and leaves data for the next request, without the SDK.
//!
//! The query lists the operations in order: `dump`, `write=OFFSET:LENGTH:VALUE`, `allocate=LENGTH`,
//! `grow=PAGES`, `recurse=DEPTH`, `print`, `collect`, `leak`, `trap`. The answer is the dump.
#![cfg(target_family = "wasm")]

use std::hint::black_box;
use std::sync::atomic::{AtomicU8, Ordering};

use functions_bytes::__private::bindings::functions::bytes::bytes::{Buffer, Data};
use functions_guest_web::__private::bindings::exports::functions::web::handler::{
    Guest, Reply, Response,
};
use functions_guest_web::__private::bindings::functions::web::environment;

struct Remember;

functions_guest_web::__private::export!(
    Remember with_types_in functions_guest_web::__private::bindings
);

impl Guest for Remember {
    fn invoke(request: Buffer) -> Reply {
        let query = environment::query().unwrap_or_default();
        let mut request = Some(request);
        let mut answer = String::new();
        for step in query.split('&') {
            let (what, values) = step.split_once('=').unwrap_or((step, ""));
            let mut values = values.split(':').map(|value| value.parse().unwrap_or(0));
            let mut value = || values.next().unwrap_or(0);
            match what {
                "dump" => answer.push_str(&format!("{:016x} ", digest())),
                "write" => write(value(), value(), value()),
                "allocate" => answer.push_str(&format!("{} ", allocate(value()))),
                "grow" => {
                    core::arch::wasm32::memory_grow::<0>(value());
                }
                "recurse" => answer.push_str(&format!("{} ", recurse(value() as u64))),
                "print" => println!("{answer}"),
                "collect" => {
                    let all = request.take().map(|body| Buffer::into_bytes(body, None));
                    answer.push_str(&format!(
                        "{} ",
                        all.map_or(0, |all| all.unwrap_or_default().len())
                    ));
                }
                "leak" => core::mem::forget(request.take()),
                "trap" => core::arch::wasm32::unreachable(),
                _ => {}
            }
        }
        Reply::Response(Response {
            status: 200,
            headers: Vec::new(),
            body: Data::Value(answer.into_bytes()),
        })
    }
}

/// A digest of every byte of the memory, and of its length.
fn digest() -> u64 {
    let words = core::arch::wasm32::memory_size::<0>() << 13;
    let mut digest = words as u64;
    for word in 0..words {
        // SAFETY: the word is aligned and within the memory, and any bits are a valid `u64`.
        #[expect(unsafe_code, reason = "no Rust object spans the whole memory")]
        let word = unsafe { core::ptr::with_exposed_provenance::<u64>(word << 3).read_volatile() };
        digest = (digest ^ word)
            .wrapping_mul(0x0100_0000_01b3)
            .rotate_left(7);
    }
    digest
}

/// A static of many pages, only to be written to.
static SPACE: [AtomicU8; 400_000] = [const { AtomicU8::new(0) }; 400_000];

fn write(offset: usize, length: usize, value: usize) {
    let bytes = SPACE.get(offset..).into_iter().flatten();
    for byte in bytes.take(length) {
        byte.store(value as u8, Ordering::Relaxed);
    }
}

/// Leaves data in memory that was free.
fn allocate(length: usize) -> usize {
    black_box(vec![7_u8; length]).len()
}

/// Recurses, and so leaves its frames on the stack.
fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 32]);
    match depth.checked_sub(1) {
        Some(less) => recurse(less) + frame[7] % 3,
        None => 0,
    }
}
