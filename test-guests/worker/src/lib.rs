//! Keeps state, and asks the host for what differs each time.

use std::cell::RefCell;
use std::time::{Duration, Instant, SystemTime};

mod fetch;
mod first;
mod snapshot;

mod bindings {
    #![allow(
        clippy::allow_attributes,
        missing_debug_implementations,
        missing_docs,
        unreachable_pub,
        unsafe_code,
        reason = "generated code"
    )]

    wit_bindgen::generate!({ path: "wit", world: "worker", generate_all });
}

use bindings::exports::test::worker::api::{self, CounterBorrow, GuestCounter};

#[derive(Default)]
struct Kept {
    total: u64,
    dropped: Vec<String>,
    times: Vec<u64>,
    numbers: Vec<u64>,
    responses: Vec<String>,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::default();
}

struct Worker;

struct Counter {
    name: String,
    value: RefCell<u64>,
}

impl Drop for Counter {
    fn drop(&mut self) {
        KEPT.with_borrow_mut(|kept| kept.dropped.push(std::mem::take(&mut self.name)));
    }
}

impl GuestCounter for Counter {
    fn new(name: String) -> Self {
        Self {
            name,
            value: RefCell::new(0),
        }
    }

    fn inc_by(&self, value: u64) -> u64 {
        *self.value.borrow_mut() += value;
        self.get_value()
    }

    fn get_value(&self) -> u64 {
        *self.value.borrow()
    }

    fn merge(left: api::Counter, right: CounterBorrow<'_>) -> api::Counter {
        let (left, right): (&Self, &Self) = (left.get(), right.get());
        api::Counter::new(Self {
            name: format!("{}+{}", left.name, right.name),
            value: RefCell::new(left.get_value() + right.get_value()),
        })
    }
}

fn keep_time() -> Vec<u64> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0, |now| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX));
    KEPT.with_borrow_mut(|kept| {
        kept.times.push(now);
        kept.times.clone()
    })
}

impl api::Guest for Worker {
    type Counter = Counter;

    fn add(value: u64) -> u64 {
        KEPT.with_borrow_mut(|kept| {
            kept.total = kept.total.wrapping_add(value);
            kept.total
        })
    }

    fn total() -> u64 {
        KEPT.with_borrow(|kept| kept.total)
    }

    fn dropped() -> Vec<String> {
        KEPT.with_borrow(|kept| kept.dropped.clone())
    }

    fn clock() -> Vec<u64> {
        keep_time()
    }

    fn random() -> Vec<u64> {
        use std::hash::{BuildHasher as _, RandomState};
        // The keys of a hash are random.
        let number = RandomState::new().hash_one(1);
        KEPT.with_borrow_mut(|kept| {
            kept.numbers.push(number);
            kept.numbers.clone()
        })
    }

    fn sleep(milliseconds: u64) -> u64 {
        let start = Instant::now();
        std::thread::sleep(Duration::from_millis(milliseconds));
        u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    #[expect(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "that is what it tests"
    )]
    fn print(text: String) {
        println!("{text}");
        eprintln!("{text}");
    }

    fn variable(name: String) -> Option<String> {
        std::env::var(name).ok()
    }

    fn arguments() -> Vec<String> {
        std::env::args().collect()
    }

    #[expect(clippy::panic, reason = "that is what it tests")]
    fn trap() {
        panic!("told to panic");
    }

    #[expect(clippy::panic, reason = "that is what it tests")]
    fn trap_after_clock() {
        let times = keep_time();
        panic!("told to panic after {} times", times.len());
    }

    fn exit() {
        std::process::exit(3);
    }

    fn spin() {
        loop {
            std::hint::black_box(());
        }
    }

    fn fill(mebibytes: u64) -> u64 {
        let mut filled: Vec<Vec<u8>> = Vec::new();
        for _ in 0..mebibytes {
            filled.push(vec![1; 1 << 20]);
        }
        std::hint::black_box(&filled).len() as u64
    }

    fn fetch(authority: String, path: String, body: Option<String>) -> Result<Vec<String>, String> {
        let response = fetch::fetch(&authority, &path, body.as_deref())?;
        KEPT.with_borrow_mut(|kept| {
            kept.responses.push(response);
            Ok(kept.responses.clone())
        })
    }

    fn call(target: String, path: String, body: String) -> Result<String, String> {
        let call = functions_binding::Call::post(target, path).with_body(body);
        let response = call.wait().map_err(|error| error.to_string())?;
        let status = response.status;
        let body = response.body.into_bytes();
        let body = body.map_err(|error| error.to_string())?;
        Ok(format!("{status} {}", String::from_utf8_lossy(&body)))
    }

    fn first_of(calls: Vec<(String, String, String)>) -> Result<String, String> {
        first::first_of(calls)
    }

    fn get(url: String) -> Result<String, String> {
        let request = functions_http::Request::get(url);
        let response = request.wait().map_err(|error| error.to_string())?;
        let status = response.status;
        let body = response.body.into_bytes();
        let body = body.map_err(|error| error.to_string())?;
        Ok(format!("{status} {}", String::from_utf8_lossy(&body)))
    }

    fn fail(why: String) -> Result<u64, String> {
        Err(why)
    }
}

impl bindings::Guest for Worker {
    fn ping() -> String {
        "pong".to_owned()
    }
}

mod export {
    #![allow(clippy::allow_attributes, unsafe_code, reason = "generated code")]

    use super::{Worker, bindings};

    bindings::export!(Worker with_types_in bindings);
}
