//! Counters that keep their values: the host runs it as a worker, whose state survives the host's end.
//!
//! ```sh
//! functions serve --golem 127.0.0.1:9881 --admin-listen 127.0.0.1:8081 --data-dir data
//! functions component add counters=counter_worker.wasm
//! functions worker invoke counters/w1 'demo:counters/api.{counter("visits").add}' 5
//! ```
//!
//! The first call makes the worker `w1` and its counter `visits`. Later ones find both, also after the host was
//! killed and started again. That takes no code: the memory's contents stay.

use std::cell::Cell;

mod bindings {
    #![allow(
        clippy::allow_attributes,
        missing_debug_implementations,
        missing_docs,
        unreachable_pub,
        unsafe_code,
        reason = "generated code"
    )]

    wit_bindgen::generate!({ path: "wit", world: "counter-worker" });
}

use bindings::exports::demo::counters::api::{Guest, GuestCounter};

thread_local! {
    static TOTAL: Cell<u64> = const { Cell::new(0) };
}

struct Counters;

struct Counter {
    value: Cell<u64>,
}

impl Guest for Counters {
    type Counter = Counter;

    fn total() -> u64 {
        TOTAL.get()
    }
}

impl GuestCounter for Counter {
    fn new(_name: String) -> Self {
        Self {
            value: Cell::new(0),
        }
    }

    fn add(&self, value: u64) -> u64 {
        TOTAL.set(TOTAL.get().wrapping_add(value));
        self.value.set(self.value.get().wrapping_add(value));
        self.value()
    }

    fn value(&self) -> u64 {
        self.value.get()
    }
}

mod export {
    #![allow(clippy::allow_attributes, unsafe_code, reason = "generated code")]

    use super::{Counters, bindings};

    bindings::export!(Counters with_types_in bindings);
}
