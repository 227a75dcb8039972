//! The cost of a call between functions.
//!
//! It is compared with the minimum, an invocation of the callee by `Harness::handle`, and with the alternative, a
//! request to the same host over loopback.
//!
//! Run it with `cargo bench -p host-harness --bench calls`. Each figure is a median of alternating rounds. The cost
//! of a call is the difference between an invocation with many calls and one without.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to say"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use host_harness::Harness;
use http_body_util::{BodyExt as _, Empty};
use tokio::runtime::{Builder, Runtime};

/// The number of calls in one invocation, and of repetitions of the other measurements.
const CALLS: u32 = 500;
const ROUNDS: usize = 31;

/// The callee's answer.
const HELLO: &str = "pong";

fn main() {
    let one = Builder::new_current_thread().enable_all().build().unwrap();
    measure("all on one thread", &one);
    let many = Builder::new_multi_thread().enable_all().build().unwrap();
    measure("on as many threads as the command uses", &many);
}

fn measure(name: &str, runtime: &Runtime) {
    let harness = Harness::builder()
        .function("caller", test_guests::CALLER)
        .function("hello", test_guests::PING)
        .concurrency(4, 4)
        .allow_host("127.0.0.1")
        .build()
        .unwrap();
    let server = runtime.block_on(harness.serve("127.0.0.1:0")).unwrap();
    let url: Arc<str> = format!("http://{}/hello", server.address()).into();
    // In a task, like the requests of a server.
    let run = |path: &'static str, repeat, calls: Option<u32>, expected| {
        let (harness, url) = (harness.clone(), Arc::clone(&url));
        let asked = async move {
            for _ in 0..repeat {
                ask(&harness, path, calls, &url, expected).await;
            }
        };
        let begun = Instant::now();
        runtime.block_on(runtime.spawn(asked)).unwrap();
        begun.elapsed()
    };

    let mut measured: [Vec<Duration>; 3] = Default::default();
    let [direct, binding, http] = &mut measured;
    for _ in 0..ROUNDS {
        direct.push(run("/hello", CALLS, None, HELLO));
        for (path, measured) in [
            ("/caller/many/hello", &mut *binding),
            ("/caller/many-http", &mut *http),
        ] {
            let none = run(path, 1, Some(0), "");
            measured.push(run(path, 1, Some(CALLS), HELLO).saturating_sub(none));
        }
    }
    let [direct, binding, http] = measured.map(|all| median(all) / CALLS);
    let times = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    println!("{name}");
    println!("  Harness::handle        {direct:>9.2?}");
    println!(
        "  call by binding        {binding:>9.2?}  {:.2} x handle",
        times(binding, direct)
    );
    println!(
        "  request over loopback  {http:>9.2?}  {:.1} x binding",
        times(http, binding)
    );
}

/// A request to the callee itself, or for a number of calls of it.
async fn ask(harness: &Harness, path: &str, calls: Option<u32>, url: &str, expected: &str) {
    let mut request = http::Request::get(path);
    if let Some(calls) = calls {
        request = request
            .header("x-call-count", calls)
            .header("x-call-url", url)
            .header("x-call-bare", "1");
    }
    let request = request.body(Empty::new()).unwrap();
    let response = harness.handle(request).await;
    let answer = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(answer, expected);
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all.get(all.len() / 2).copied().unwrap()
}
