//! What the integration tests of several crates share: hosts, clients, certificates, hand-written functions.
#![forbid(unsafe_code)]
#![allow(
    missing_docs,
    missing_debug_implementations,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::new_without_default,
    clippy::panic,
    clippy::return_self_not_must_use,
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "tests say what they expect by unwrapping, and need no interface"
)]

pub mod client;
pub mod straight;
pub mod tls;
pub mod wire;

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use host_harness::{Builder, Harness, Record, RecordKind, Server};

/// A host with every test function, which discards output.
pub fn builder() -> Builder {
    Harness::builder()
        .function("ping", test_guests::PING)
        .function("greet", test_guests::GREET)
        .function("echo", test_guests::ECHO)
        .function("counter", test_guests::COUNTER)
        .function("misbehave", test_guests::MISBEHAVE)
        .function("renamed", test_guests::RENAMED)
        // The pool's address space, times the number of hosts in this process.
        .concurrency(128, 1000)
        .output_sink(|_| {})
}

/// A host with only `misbehave`, for tests that set limits.
pub fn misbehaving() -> Builder {
    Harness::builder()
        .function("misbehave", test_guests::MISBEHAVE)
        .concurrency(16, 16)
        .output_sink(|_| {})
}

/// A host with default settings, whose functions are compiled once for all tests.
static SHARED: LazyLock<Harness> = LazyLock::new(|| builder().build().unwrap());

/// A server with every test function and default limits.
pub async fn server() -> Server {
    SHARED.serve("127.0.0.1:0").await.unwrap()
}

/// Waits for a future that may take a while on a busy machine, and fails after a minute.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what)
        .await
        .expect("it never happened")
}

/// The records of functions.
#[derive(Default)]
pub struct Recorded {
    records: Arc<Mutex<Vec<Record>>>,
}

impl Recorded {
    /// The sink for the host.
    pub fn sink(&self) -> impl Fn(Record) + Send + Sync + 'static {
        let records = Arc::clone(&self.records);
        move |record| records.lock().unwrap().push(record)
    }

    /// Takes all records since the last call.
    pub fn take(&self) -> Vec<Record> {
        std::mem::take(&mut *self.records.lock().unwrap())
    }

    /// Takes the last printed line since the last call.
    pub fn last_line(&self) -> Option<String> {
        self.take().pop().map(|record| match record.kind {
            RecordKind::Printed { text, .. } => text,
            other => panic!("invalid line {other:?}"),
        })
    }
}
