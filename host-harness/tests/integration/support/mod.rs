//! What the tests have in common: a host, a client, the `functions` command.

pub(crate) mod client;
pub(crate) mod command;

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use host_harness::{Builder, Harness, OutputLine, Server};

/// A host with every test function, output thrown away.
pub(crate) fn builder() -> Builder {
    Harness::builder()
        .function("ping", test_guests::PING)
        .function("greet", test_guests::GREET)
        .function("echo", test_guests::ECHO)
        .function("counter", test_guests::COUNTER)
        .function("misbehave", test_guests::MISBEHAVE)
        .function("renamed", test_guests::RENAMED)
        // The pool's address space, times the number of hosts in this process.
        .concurrency(128, 1000)
        .output(|_| {})
}

/// A host that only has the function that misbehaves: for tests that set limits.
pub(crate) fn misbehaving() -> Builder {
    Harness::builder()
        .function("misbehave", test_guests::MISBEHAVE)
        .concurrency(16, 16)
        .output(|_| {})
}

/// The functions are compiled once, for all tests.
static SHARED: LazyLock<Harness> = LazyLock::new(|| builder().build().unwrap());

/// A server with every test function and default limits.
pub(crate) async fn server() -> Server {
    SHARED.serve("127.0.0.1:0").await.unwrap()
}

/// Something that takes a while on a busy machine, and for ever only when it is broken.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what)
        .await
        .expect("it never happened")
}

/// The lines that functions printed.
#[derive(Default)]
pub(crate) struct Printed {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Printed {
    /// To be given to the host.
    pub(crate) fn sink(&self) -> impl Fn(OutputLine) + Send + Sync + 'static {
        let lines = Arc::clone(&self.lines);
        move |line| lines.lock().unwrap().push(line.text)
    }

    /// The last of them.
    pub(crate) fn last(&self) -> String {
        self.lines.lock().unwrap().last().cloned().unwrap()
    }
}
