//! Exceeds limits.

use std::hint::black_box;
use std::time::Duration;

use functions_bytes::__private::bindings::functions::bytes::bytes::Buffer;
use functions_guest_web::__private::bindings::exports::functions::web::handler::Reply;

use crate::text;

pub(crate) fn compute_for_ever() -> ! {
    let mut count = 0_u64;
    loop {
        count = black_box(count.wrapping_add(1));
    }
}

pub(crate) fn sleep_for_ever() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

pub(crate) fn allocate_for_ever() -> ! {
    let mut all = Vec::new();
    loop {
        all.push(black_box(vec![1_u8; 1024 * 1024]));
    }
}

#[expect(unconditional_recursion, reason = "that is the point")]
pub(crate) fn recurse_for_ever(depth: u64) -> u64 {
    let here = black_box([depth; 64]);
    black_box(recurse_for_ever(depth + 1)) + here[0]
}

/// Subscribes repeatedly. Each `subscribe` takes a handle, and memory on the host.
pub(crate) fn flood_handles(request: &Buffer) -> Reply {
    let all: Vec<_> = (0..1_000_000).map(|_| request.subscribe()).collect();
    text(&all.len().to_string())
}
