//! The time from creating a host to a function's first answer, compiled and cached.
//!
//! Run it with `cargo bench -p host-harness --bench start`. Each host has one slot, so that the pool takes almost no
//! time. `host` is the time without a function, to subtract from the others.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to say"
)]

use divan::Bencher;
use host_harness::{Builder, Harness};
use tokio::runtime::Runtime;

const FUNCTIONS: [(&str, &str); 3] = [
    ("ping", test_guests::PING),
    ("greet", test_guests::GREET),
    ("fan-out", test_guests::FAN_OUT),
];

const NAMES: [&str; FUNCTIONS.len()] = [FUNCTIONS[0].0, FUNCTIONS[1].0, FUNCTIONS[2].0];

fn main() {
    divan::main();
}

fn builder() -> Builder {
    Harness::builder().concurrency(1, 0).depth(0)
}

fn with(name: &str) -> Builder {
    let function = FUNCTIONS.iter().find(|(known, _)| *known == name);
    builder().function("f", function.unwrap().1)
}

/// Builds a host, and sends one request, whose answer is ignored. Dropping the host is not measured.
fn first_answer(builder: Builder, runtime: &Runtime) -> Harness {
    let harness = builder.build().unwrap();
    let request = http::Request::get("/f").body(String::new()).unwrap();
    let _ = runtime.block_on(harness.handle(request));
    harness
}

fn runtime() -> Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap()
}

/// Without a function: an engine, its linker, and the ticker thread.
#[divan::bench]
fn host(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    bencher.bench_local(|| first_answer(builder(), &runtime));
}

/// A cached function.
#[divan::bench(args = NAMES)]
fn kept(bencher: Bencher<'_, '_>, name: &str) {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let builder = || with(name).cache(folder.path());
    first_answer(builder(), &runtime);
    bencher.bench_local(|| first_answer(builder(), &runtime));
}

/// A function that is compiled, and not cached.
#[divan::bench(args = NAMES, sample_count = 20)]
fn compiled(bencher: Bencher<'_, '_>, name: &str) {
    let runtime = runtime();
    bencher.bench_local(|| first_answer(with(name), &runtime));
}
