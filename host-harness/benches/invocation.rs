//! The cost of an invocation without HTTP, for different functions.
//!
//! Run it with `cargo bench -p host-harness --bench invocation`, to examine a change. It uses one thread, and each
//! figure includes entering tokio's runtime. `cargo xtask bench` makes comparisons.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to say"
)]

use bytes::Bytes;
use divan::Bencher;
use divan::counter::BytesCount;
use host_harness::Harness;
use http_body_util::{BodyExt as _, Full};
use tokio::runtime::Runtime;

const SIZES: [usize; 3] = [0, 1 << 10, 1 << 20];

fn main() {
    divan::main();
}

/// A host with one function, and a single-threaded runtime.
struct Host {
    runtime: Runtime,
    harness: Harness,
}

impl Host {
    fn of(wasm: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        Self {
            runtime: runtime.unwrap(),
            harness: start(wasm),
        }
    }

    fn ask(&self, path: &str, body: Bytes) -> Bytes {
        let request = http::Request::post(path).header("x-one", "1");
        let request = request.body(Full::new(body)).unwrap();
        self.runtime.block_on(async {
            let response = self.harness.handle(request).await;
            assert_eq!(response.status(), 200);
            response.into_body().collect().await.unwrap().to_bytes()
        })
    }
}

fn start(wasm: &str) -> Harness {
    let builder = Harness::builder().function("f", wasm).concurrency(8, 0);
    builder.build().unwrap()
}

/// A call that does nothing.
#[divan::bench]
fn ping(bencher: Bencher<'_, '_>) {
    let host = Host::of(test_guests::PING);
    bencher.bench(|| host.ask("/f", Bytes::new()));
}

/// Each function of `environment`, called once.
#[divan::bench]
fn environment(bencher: Bencher<'_, '_>) {
    let host = Host::of(test_guests::MISBEHAVE);
    bencher.bench(|| host.ask("/f/environment", Bytes::new()));
}

/// The same function, which reads only its path; the baseline of `environment`.
#[divan::bench]
fn path(bencher: Bencher<'_, '_>) {
    let host = Host::of(test_guests::MISBEHAVE);
    bencher.bench(|| host.ask("/f/harmless", Bytes::new()));
}

/// JSON in, JSON out.
#[divan::bench]
fn greet(bencher: Bencher<'_, '_>) {
    let host = Host::of(test_guests::GREET);
    bencher.bench(|| host.ask("/f", Bytes::from_static(br#"{"name":"Ada"}"#)));
}

/// A body that the function returns without reading.
#[divan::bench(args = SIZES)]
fn body_out(bencher: Bencher<'_, '_>, size: usize) {
    let host = Host::of(test_guests::ECHO);
    let body = Bytes::from(vec![7; size]);
    bencher
        .counter(BytesCount::new(size))
        .bench(|| host.ask("/f", body.clone()));
}

/// A body that the function reads.
#[divan::bench(args = SIZES)]
fn body_in(bencher: Bencher<'_, '_>, size: usize) {
    let host = Host::of(test_guests::MISBEHAVE);
    let body = Bytes::from(vec![7; size]);
    bencher
        .counter(BytesCount::new(size))
        .bench(|| host.ask("/f/length", body.clone()));
}

/// A host that compiles its one function.
#[divan::bench(sample_size = 1, sample_count = 20)]
fn start_compiling() -> Harness {
    start(test_guests::PING)
}
