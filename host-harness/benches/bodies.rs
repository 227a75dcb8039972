//! The cost of reading a body with `into_bytes`, compared with the minimum: one copy and one host call.
//!
//! Run it with `cargo bench -p host-harness --bench bodies`. Each figure is a median of alternating rounds. The
//! cost of reading is the difference between an invocation that reads the body and one that does not. So it
//! includes the cost of memory: growing it, and clearing it.
//!
//! One copy is measured twice: into existing memory, and into new memory that is released again, as for every
//! request of a function.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to say"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use host_harness::Harness;
use http_body_util::{BodyExt as _, Full};

const SIZES: [(&str, usize, usize); 3] = [
    ("1 KiB", 1 << 10, 400),
    ("64 KiB", 1 << 16, 200),
    ("16 MiB", 1 << 24, 20),
];
const ROUNDS: usize = 15;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let harness = Harness::builder()
        .function("f", test_guests::MISBEHAVE)
        .concurrency(2, 2)
        .build()
        .unwrap();
    println!(
        "{:>8} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8}",
        "body", "old memory", "new memory", "host call", "into_bytes", "to old", "to new"
    );
    for (name, size, repeat) in SIZES {
        let body = Bytes::from(vec![7; size]);
        let mut measured: [Vec<Duration>; 5] = Default::default();
        let [olds, news, ignoring, reading, calling] = &mut measured;
        let nothing = Bytes::new();
        for _ in 0..ROUNDS {
            let ask = |path, body| time(repeat, || runtime.block_on(ask(&harness, path, body)));
            olds.push(time(repeat, || copy(&body)));
            news.push(time(repeat, || copy_to_new(&body)));
            ignoring.push(ask("/f/harmless", &nothing));
            reading.push(ask("/f/length", &body));
            calling.push(ask("/f/one-call", &nothing));
        }
        let [old, new, ignored, read, called] = measured.map(median);
        let call = called.saturating_sub(ignored);
        let reading = read.saturating_sub(ignored);
        let ratio = |copy: Duration| reading.as_secs_f64() / (copy + call).as_secs_f64();
        let (to_old, to_new) = (ratio(old), ratio(new));
        println!(
            "{name:>8} {old:>10.2?} {new:>10.2?} {call:>10.2?} {reading:>10.2?} {to_old:>8.2} {to_new:>8.2}"
        );
    }
}

fn copy(body: &Bytes) {
    black_box(body.to_vec());
}

fn copy_to_new(body: &Bytes) {
    let mut memory = memmap2::MmapMut::map_anon(body.len()).unwrap();
    memory.copy_from_slice(body);
    black_box(&memory);
}

async fn ask(harness: &Harness, path: &str, body: &Bytes) {
    let request = http::Request::post(path)
        .body(Full::new(body.clone()))
        .unwrap();
    let response = harness.handle(request).await;
    let answer = response.into_body().collect().await.unwrap().to_bytes();
    // A different answer would mean different work.
    let expected = if path == "/f/harmless" {
        "unknown".into()
    } else {
        body.len().to_string()
    };
    assert_eq!(answer, expected);
}

fn time(repeat: usize, mut what: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..repeat {
        what();
    }
    start.elapsed() / u32::try_from(repeat).unwrap()
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all.get(all.len() / 2).copied().unwrap()
}
