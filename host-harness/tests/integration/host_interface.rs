//! Interfaces that an embedder adds to the contract's.

use std::sync::atomic::{AtomicU64, Ordering};

use host_harness::wasmtime::StoreContextMut;
use host_harness::wasmtime::component::Linker;
use host_harness::{BuildError, Harness, HostInterface, InvocationState};
use http_body_util::BodyExt as _;

/// `acme:clock`, which counts all reads.
#[derive(Default)]
struct Clock {
    asked: AtomicU64,
}

/// The number of reads in one invocation.
#[derive(Default)]
struct Asked(u64);

impl HostInterface for Clock {
    fn names(&self) -> &[&str] {
        &["acme:clock/clock@1.0.0"]
    }

    fn add_to_linker(
        &self,
        linker: &mut Linker<InvocationState>,
    ) -> host_harness::wasmtime::Result<()> {
        let mut clock = linker.instance("acme:clock/clock@1.0.0")?;
        clock.func_wrap(
            "now",
            |mut store: StoreContextMut<'_, InvocationState>, ()| {
                let state = store.data_mut();
                assert_eq!(state.function_name(), "clock");
                let Asked(own) = state.local(Asked::default);
                *own += 1;
                let own = *own;
                let clock = state.interface::<Self>().unwrap();
                let all = clock.asked.fetch_add(1, Ordering::Relaxed) + 1;
                Ok((all * 100 + own,))
            },
        )
    }
}

async fn get(harness: &Harness) -> String {
    let request = http::Request::get("/clock").body(String::new()).unwrap();
    let response = harness.handle(request).await;
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

/// All invocations share the interface, and state of one invocation is dropped with it, also in a reused
/// instance.
#[tokio::test]
async fn invocations_share_the_interface_and_no_locals() {
    let harness = Harness::builder()
        .function("clock", test_guests::ACME_CLOCK)
        .interface(Clock::default())
        .build()
        .unwrap();
    assert_eq!(get(&harness).await, "101 202");
    assert_eq!(get(&harness).await, "301 402");
    assert_eq!(get(&harness).await, "501 602");
}

/// Without the interface the function is refused, and the error names the missing import.
#[test]
fn missing_interface_is_named() {
    let refused = Harness::builder()
        .function("clock", test_guests::ACME_CLOCK)
        .build();
    let refused: BuildError = refused.unwrap_err();
    let mut text = refused.to_string();
    let mut cause = std::error::Error::source(&refused);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    assert!(text.contains("acme:clock/clock@1.0.0"), "{text}");
}
