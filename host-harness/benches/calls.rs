//! What it costs a function to call another, against the least it could: making an instance of the
//! callee and calling that, which is what `Harness::handle` does; and against what there is without
//! calls, a request to the same host over loopback.
//!
//! `cargo bench -p host-harness --bench calls`. Each figure is a median over alternating rounds; the
//! cost of a call is the difference between an invocation that makes many and one that makes none.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to say"
)]

use std::time::{Duration, Instant};

use host_harness::Harness;
use http_body_util::{BodyExt as _, Empty};

/// How many calls one invocation makes; what is measured in between is as often.
const CALLS: u32 = 500;
const ROUNDS: usize = 31;

/// What the callee answers with.
const HELLO: &str = "pong";

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let harness = Harness::builder()
        .function("caller", test_guests::CALLER)
        .function("hello", test_guests::PING)
        .concurrency(4, 4)
        .allow_host("127.0.0.1")
        .build()
        .unwrap();
    let server = runtime.block_on(harness.serve("127.0.0.1:0")).unwrap();
    let url = format!("http://{}/hello", server.address());

    let mut measured: [Vec<Duration>; 3] = Default::default();
    let [direct, binding, http] = &mut measured;
    for _ in 0..ROUNDS {
        let many = |path, count, expected| {
            let asked = ask(&harness, path, count, &url, expected);
            time(|| runtime.block_on(asked))
        };
        direct.push(time(|| {
            runtime.block_on(async {
                for _ in 0..CALLS {
                    ask(&harness, "/hello", 0, "", HELLO).await;
                }
            });
        }));
        for (path, measured) in [
            ("/caller/many/hello", &mut *binding),
            ("/caller/many-http", &mut *http),
        ] {
            let none = many(path, 0, "");
            measured.push(many(path, CALLS, HELLO).saturating_sub(none));
        }
    }
    let [direct, binding, http] = measured.map(|all| median(all) / CALLS);
    let times = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    println!("Harness::handle          {direct:>10.2?}");
    println!(
        "call by binding          {binding:>10.2?}  {:.2} x handle",
        times(binding, direct)
    );
    println!(
        "request over loopback    {http:>10.2?}  {:.1} x binding",
        times(http, binding)
    );
}

async fn ask(harness: &Harness, path: &str, count: u32, url: &str, expected: &str) {
    let mut request = http::Request::get(path);
    // What is compared with the callee is asked for as plainly as that is.
    if !url.is_empty() {
        request = request
            .header("x-call-count", count)
            .header("x-call-url", url)
            .header("x-call-bare", "1");
    }
    let request = request.body(Empty::new()).unwrap();
    let response = harness.handle(request).await;
    let answer = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(answer, expected);
}

fn time(what: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    what();
    begun.elapsed()
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all.get(all.len() / 2).copied().unwrap()
}
