//! Workers that wait for others while the server stops, or while the others are interrupted.

use super::*;

/// A stop of the server does not answer a worker's call. The call continues in the next process, and its key gives
/// what the other worker answers there, whether that had begun or waited.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_is_not_recorded_as_an_answer() {
    const PAIRS: usize = 8;
    let folder = tempfile::tempdir().unwrap();
    let waiting = |component: &str, pair: usize| {
        let params = match pair % 2 {
            0 => call_of(component, &format!("y{pair}"), "sleep", "[5000]"),
            // Behind a sleep.
            _ => call_of(component, &format!("y{}", pair - 1), "add", "[10]"),
        };
        invocation("call", &params, Some("k"))
    };
    let component = {
        let host = Arc::new(Host::open(folder.path(), WorkerLimits::default()));
        let component = host.upload().await;
        let called = || {
            let known = host.workers.known();
            let called = known.values().filter(|worker| worker.name.starts_with('y'));
            called.cloned().collect::<Vec<_>>()
        };
        let mut calls = Vec::new();
        for pending in [0, 1] {
            for pair in (0..PAIRS).filter(|pair| pair % 2 == pending) {
                let (host, component) = (host.clone(), component.clone());
                let call = waiting(&component, pair);
                calls.push(tokio::spawn(async move {
                    host.call(&component, &format!("x{pair}"), call).await
                }));
            }
            let is_called =
                |view: WorkerView| view.status == Status::Running && view.pending == pending;
            while called().iter().filter(|y| is_called(y.view())).count() < PAIRS / 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        // Those that are called stop long before those that wait for them.
        host.workers.inner.context.stopping.set();
        for worker in called() {
            worker.ask_to_stop(Stop::Shutdown);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        host.workers.stop();
        for call in calls {
            let answer = call.await.unwrap();
            let is_stopped = matches!(answer, Err(WorkerError::Unavailable(_)));
            let is_done = answer.as_ref().is_ok_and(|value| value.contains("200"));
            assert!(is_stopped || is_done, "{answer:?}");
        }
        component
    };
    let host = Host::open(folder.path(), WorkerLimits::default());
    host.workers.resume_all().await.unwrap();
    for pair in 0..PAIRS {
        let call = waiting(&component, pair);
        let answer = host.call(&component, &format!("x{pair}"), call).await;
        let value = answer.unwrap();
        assert!(value.contains("200 "), "{pair}: {value}");
    }
}

/// A worker that waits for one that is interrupted waits on: the call continues, so it has not failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_worker_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let host = Arc::new(Host::open(folder.path(), WorkerLimits::default()));
    let component = host.upload().await;
    let params = call_of(&component, "y", "sleep", "[300]");
    let waiting = {
        let (host, component) = (host.clone(), component.clone());
        let call = invocation("call", &params, None);
        tokio::spawn(async move { host.call(&component, "x", call).await })
    };
    let is_running = async || {
        let y = host.workers.get(&component, "y").await;
        y.is_ok_and(|y| y.status == Status::Running)
    };
    while !is_running().await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    host.workers
        .interrupt(&component, "y", false)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    host.workers.resume(&component, "y").await.unwrap();
    let value = waiting.await.unwrap().unwrap();
    assert!(value.contains("200 "), "{value}");
}
