use super::*;

fn name(name: &str) -> Arc<str> {
    name.into()
}

/// An invocation of `worker` that waits in its queue.
fn queued(waits: &Waits, call: u64, worker: &str) -> Awaited {
    waits.await_worker(call, name(worker), || InvocationPhase::Queued)
}

fn failed(awaited: &mut Awaited) -> Option<String> {
    awaited
        .failed
        .try_recv()
        .ok()
        .map(|cycle| cycle.to_string())
}

/// Only the call that closes a cycle fails, and nothing is left once all have ended.
#[test]
fn last_call_of_a_cycle_fails() {
    let waits = Waits::default();
    let workers = ["a", "b", "c"];
    let blocked: Vec<_> = workers
        .iter()
        .map(|worker| {
            let call = waits.number();
            (call, waits.block(&name(worker), vec![call]))
        })
        .collect();
    let mut first = queued(&waits, blocked[0].0, "b");
    let mut second = queued(&waits, blocked[1].0, "c");
    assert_eq!((failed(&mut first), failed(&mut second)), (None, None));
    let mut third = queued(&waits, blocked[2].0, "a");
    assert_eq!(failed(&mut third).as_deref(), Some("c and a and b"));
    assert_eq!((failed(&mut first), failed(&mut second)), (None, None));
    drop((first, second, third, blocked));
    let graph = waits.graph();
    assert!(graph.blocked.is_empty() && graph.owners.is_empty() && graph.led_to.is_empty());
}

/// A worker that begins to wait closes a cycle, too.
#[test]
fn waiting_closes_a_cycle() {
    let waits = Waits::default();
    let (of_a, of_b) = (waits.number(), waits.number());
    let mut first = queued(&waits, of_a, "b");
    let mut second = queued(&waits, of_b, "a");
    let _a = waits.block(&name("a"), vec![of_a]);
    assert_eq!((failed(&mut first), failed(&mut second)), (None, None));
    let b = waits.block(&name("b"), vec![of_b]);
    assert_eq!(failed(&mut second).as_deref(), Some("b and a"));
    // It is told once.
    drop(b);
    let _b = waits.block(&name("b"), vec![of_b]);
    assert_eq!((failed(&mut first), failed(&mut second)), (None, None));
}

/// A worker that also waits for something else continues, and so do those that wait for it.
#[test]
fn other_things_to_wait_for_close_no_cycle() {
    let waits = Waits::default();
    let (of_a, of_b, other) = (waits.number(), waits.number(), waits.number());
    let mut first = queued(&waits, of_a, "b");
    let mut second = queued(&waits, of_b, "a");
    let _a = waits.block(&name("a"), vec![of_a]);
    // A function that calls no worker, or one that calls a worker which does not wait.
    let b = waits.block(&name("b"), vec![of_b, other]);
    let to_c = queued(&waits, other, "c");
    assert_eq!((failed(&mut first), failed(&mut second)), (None, None));
    // Now c waits for the cycle.
    let of_c = waits.number();
    let mut third = queued(&waits, of_c, "b");
    let _c = waits.block(&name("c"), vec![of_c]);
    assert_eq!(failed(&mut first), None);
    assert!(failed(&mut second).is_some() || failed(&mut third).is_some());
    drop((b, to_c));
}

/// What runs fails only if nothing waits in a queue, and what is over holds up nobody.
#[test]
fn invocation_that_has_not_begun_fails_first() {
    for (standings, fails) in [
        (
            [InvocationPhase::Queued, InvocationPhase::Running],
            [true, false],
        ),
        (
            [InvocationPhase::Running, InvocationPhase::Queued],
            [false, true],
        ),
        (
            [InvocationPhase::Running, InvocationPhase::Running],
            [false, true],
        ),
        (
            [InvocationPhase::Ended, InvocationPhase::Queued],
            [false, false],
        ),
    ] {
        let waits = Waits::default();
        let (of_a, of_b) = (waits.number(), waits.number());
        let _a = waits.block(&name("a"), vec![of_a]);
        let _b = waits.block(&name("b"), vec![of_b]);
        let mut first = waits.await_worker(of_a, name("b"), move || standings[0]);
        let mut second = waits.await_worker(of_b, name("a"), move || standings[1]);
        let failed = [failed(&mut first).is_some(), failed(&mut second).is_some()];
        assert_eq!(failed, fails, "{standings:?}");
    }
}

/// What was not seen when it came is found when somebody looks again.
#[tokio::test(start_paused = true)]
async fn cycle_is_found_later() {
    let waits = Waits::default();
    let (of_a, of_b) = (waits.number(), waits.number());
    let _a = waits.block(&name("a"), vec![of_a]);
    let _b = waits.block(&name("b"), vec![of_b]);
    let mut first = queued(&waits, of_a, "b");
    // A function called two workers, and one has answered.
    let other = queued(&waits, of_a, "c");
    let second = queued(&waits, of_b, "a");
    drop(other);
    assert_eq!(first.fails().await.to_string(), "a and b");
    drop(second);
}
