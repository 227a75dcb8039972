//! Returns what it is given, for tests of typed JSON, and counts.

mod bindings {
    #![allow(
        clippy::allow_attributes,
        missing_debug_implementations,
        missing_docs,
        unreachable_pub,
        unsafe_code,
        reason = "generated code"
    )]

    wit_bindgen::generate!({ path: "wit", world: "typed" });
}

use std::cell::{Cell, RefCell};

use bindings::exports::rpc::counters_exports::{api, values};
use values::{Access, Color, Holder, HolderBorrow, Order, Place, Shape};

struct Typed;

thread_local! {
    /// The counters that were dropped, with their values.
    static DROPPED: RefCell<Vec<(String, u64)>> = const { RefCell::new(Vec::new()) };
    static HOLDERS: Cell<u32> = const { Cell::new(0) };
}

impl bindings::Guest for Typed {
    fn ping() -> String {
        "pong".to_owned()
    }

    fn add(a: u64, b: u64) -> u64 {
        a.wrapping_add(b)
    }

    #[expect(clippy::panic, reason = "this is what the function is for")]
    fn fail() {
        panic!("failed as asked");
    }
}

/// A counter that tells when it is dropped.
struct Counter {
    name: String,
    value: Cell<u64>,
}

impl Drop for Counter {
    fn drop(&mut self) {
        let dropped = (std::mem::take(&mut self.name), self.value.get());
        DROPPED.with_borrow_mut(|all| all.push(dropped));
    }
}

impl api::GuestCounter for Counter {
    fn new(name: String) -> Self {
        let value = Cell::new(0);
        Self { name, value }
    }

    fn inc_by(&self, value: u64) {
        self.value.set(self.value.get() + value);
    }

    fn get_value(&self) -> u64 {
        self.value.get()
    }
}

impl api::Guest for Typed {
    type Counter = Counter;

    fn get_all_dropped() -> Vec<(String, u64)> {
        DROPPED.with_borrow(Clone::clone)
    }
}

struct Held {
    at: Place,
    name: Option<String>,
}

impl Drop for Held {
    fn drop(&mut self) {
        HOLDERS.set(HOLDERS.get() + 1);
    }
}

impl values::GuestHolder for Held {
    fn new(at: Place, name: Option<String>) -> Self {
        Self { at, name }
    }

    fn read(&self) -> (Place, Option<String>) {
        (self.at, self.name.clone())
    }

    fn merge(a: Holder, b: Holder) -> Holder {
        let (one, other) = (a.get::<Self>(), b.get::<Self>());
        let at = Place {
            x: one.at.x + other.at.x,
            y: one.at.y + other.at.y,
        };
        let name = one.name.clone().or_else(|| other.name.clone());
        Holder::new(Self { at, name })
    }
}

/// A function that returns what it is given.
macro_rules! echo {
    ($($name:ident: $type:ty),* $(,)?) => {
        $(fn $name(value: $type) -> $type {
            value
        })*
    };
}

impl values::Guest for Typed {
    type Holder = Held;

    echo! {
        echo_bool: bool,
        echo_u8: u8,
        echo_s8: i8,
        echo_u16: u16,
        echo_s16: i16,
        echo_u32: u32,
        echo_s32: i32,
        echo_u64: u64,
        echo_s64: i64,
        echo_f32: f32,
        echo_f64: f64,
        echo_char: char,
        echo_string: String,
        echo_list: Vec<u8>,
        echo_tuple: (u64, String),
        echo_order: Order,
        echo_option: Option<String>,
        echo_nested: Option<Option<u8>>,
        echo_result: Result<u8, String>,
        echo_unit: Result<(), ()>,
        echo_shape: Shape,
        echo_color: Color,
        echo_access: Access,
    }

    fn twice(a: u8, b: String) -> (u8, String, u8) {
        (a, b, a)
    }

    fn nothing() {}

    fn look(at: HolderBorrow<'_>) -> Place {
        at.get::<Held>().at
    }

    fn dropped() -> u32 {
        HOLDERS.get()
    }
}

mod export {
    #![allow(clippy::allow_attributes, unsafe_code, reason = "generated code")]

    use super::{Typed, bindings};

    bindings::export!(Typed with_types_in bindings);
}
