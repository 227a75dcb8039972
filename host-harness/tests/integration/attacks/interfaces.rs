//! Host calls in a straight line of an interface that does not check the time itself.

use std::time::{Duration, Instant};

use host_harness::wasmtime::component::Linker;
use host_harness::{HostInterface, InvocationState};

use super::{host_of, reason};
use test_support::soon;
use test_support::straight::Straight;

const INTERFACE: &str = "test:slow/slow@1.0.0";

/// How often the function is called: for far longer than the CPU limit.
const CALLS: usize = 4000;

/// Computes for a millisecond, synchronously.
struct Slow;

impl HostInterface for Slow {
    fn names(&self) -> &[&str] {
        &[INTERFACE]
    }

    fn add_to_linker(
        &self,
        linker: &mut Linker<InvocationState>,
    ) -> host_harness::wasmtime::Result<()> {
        let mut slow = linker.instance(INTERFACE)?;
        slow.func_wrap("slow", |_, ()| {
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(1) {
                std::hint::spin_loop();
            }
            Ok(())
        })
    }
}

/// The ways to call an import, each with what it needs.
fn ways() -> [(&'static str, &'static str); 3] {
    [
        ("(call $slow)", ""),
        (
            "(call_indirect (i32.const 0))",
            "(table 1 funcref) (elem (i32.const 0) func $slow)",
        ),
        (
            "(call_ref $f (ref.func $slow))",
            "(type $f (func)) (elem declare func $slow)",
        ),
    ]
}

/// The calls end at the CPU limit, and another function is answered meanwhile, however they are made.
#[tokio::test]
async fn straight_calls_of_any_interface_end_with_their_cpu_time() {
    for (call, needs) in ways() {
        let attack = Straight {
            pages: 1,
            more: format!("{needs} (func $attack {})", call.repeat(CALLS)),
            body: "(call $attack)".into(),
        };
        let file = attack.importing(INTERFACE, "slow");
        let builder = host_of(&file)
            .interface(Slow)
            .cpu_time(Duration::from_millis(100));
        assert_eq!(reason(builder).await, "cpu-limit", "{call}");
    }
}

/// In a `start`, they are refused at load.
#[tokio::test]
async fn straight_calls_of_any_interface_at_the_start_are_refused() {
    let attack = Straight {
        pages: 1,
        more: format!(
            "(func $attack {}) (start $attack)",
            "(call $slow)".repeat(CALLS)
        ),
        body: String::new(),
    };
    let file = attack.importing(INTERFACE, "slow");
    let builder = host_of(&file)
        .interface(Slow)
        .cpu_time(Duration::from_millis(100));
    let loaded = soon(tokio::task::spawn_blocking(move || builder.build()));
    let refused = format!("{:?}", loaded.await.unwrap().unwrap_err());
    assert!(refused.contains("CPU time limit"), "{refused}");
}
