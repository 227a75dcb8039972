//! What was acknowledged is done after a restart.

use super::*;

/// Waits until a condition of the worker `w` holds.
pub(super) async fn until(host: &Host, component: &str, holds: impl Fn(&WorkerView) -> bool) {
    let begun = std::time::Instant::now();
    loop {
        let view = host.workers.get(component, "w").await.unwrap();
        if holds(&view) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{view:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// An update that waits for an invocation when the host ends is done by the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_update_is_done_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let component = {
        let host = Host::open(folder.path(), WorkerLimits::default());
        let component = host.upload().await;
        host.api(&component, "add", "[6]").await.unwrap();
        host.upload_version(&component, None).await;
        let sleep = invocation("sleep", "[1000]", Some("sleep"));
        host.workers.invoke(&component, "w", sleep).await.unwrap();
        until(&host, &component, |view| view.status == Status::Running).await;
        host.workers.update(&component, "w", 1).await.unwrap();
        let view = host.workers.get(&component, "w").await.unwrap();
        assert_eq!(view.version, 0);
        component
    };
    let host = Host::open(folder.path(), WorkerLimits::default());
    host.workers.resume_all().await.unwrap();
    until(&host, &component, |view| view.version == 1).await;
    assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[6]");
}

/// An update that nothing else goes with is done by the next host, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stored_update_of_an_idle_worker_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let component = {
        let host = Host::open(folder.path(), WorkerLimits::default());
        let component = host.upload().await;
        host.api(&component, "add", "[6]").await.unwrap();
        host.upload_version(&component, None).await;
        let worker = host.workers.open(&component, "w").await.unwrap().unwrap();
        // As if the host ended before the task began.
        let store = &host.workers.inner.context.store;
        let written = worker.ask_to_update(1, store).unwrap();
        written.await.unwrap().unwrap();
        component
    };
    let host = Host::open(folder.path(), WorkerLimits::default());
    host.workers.resume_all().await.unwrap();
    until(&host, &component, |view| view.version == 1).await;
}

/// A worker keeps to versions that are durable.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_is_not_updated_to_an_ephemeral_version() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), WorkerLimits::default());
    let component = host.upload().await;
    host.api(&component, "add", "[6]").await.unwrap();
    host.upload_version(&component, Some(true)).await;
    let refused = host.workers.update(&component, "w", 1).await;
    assert!(matches!(refused, Err(WorkerError::BadCall(_))));
    // The worker keeps its state, and others have none.
    assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[6]");
    let other = host
        .call(&component, "x", invocation("add", "[1]", None))
        .await;
    assert_eq!(other.unwrap(), "[1]");
    assert!(host.workers.get(&component, "x").await.is_err());
}

/// An invocation that an interrupted worker has accepted runs, also if the host ends before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invocation_of_an_interrupted_worker_runs_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let component = {
        let host = Host::open(folder.path(), WorkerLimits::default());
        let component = host.upload().await;
        let sleep = invocation("sleep", "[1000]", Some("sleep"));
        host.workers.invoke(&component, "w", sleep).await.unwrap();
        until(&host, &component, |view| view.status == Status::Running).await;
        let interrupted = host.workers.interrupt(&component, "w", false);
        interrupted.await.unwrap();
        let add = invocation("add", "[4]", Some("add"));
        host.workers.invoke(&component, "w", add).await.unwrap();
        component
    };
    let host = Host::open(folder.path(), WorkerLimits::default());
    host.workers.resume_all().await.unwrap();
    until(&host, &component, |view| view.status == Status::Idle).await;
    assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[4]");
}

/// What waits in the stored queue is counted, also by a host that has not loaded the worker.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_invocations_are_counted_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let component = {
        let host = Host::open(folder.path(), WorkerLimits::default());
        let component = host.upload().await;
        for key in ["sleep", "a", "b"] {
            let sleep = invocation("sleep", "[60000]", Some(key));
            host.workers.invoke(&component, "w", sleep).await.unwrap();
        }
        until(&host, &component, |view| view.pending == 2).await;
        component
    };
    let host = Host::open(folder.path(), WorkerLimits::default());
    let view = host.workers.get(&component, "w").await.unwrap();
    assert_eq!(view.status, Status::Running);
    // The first may have begun without having said so on the disk.
    assert!((2..=3).contains(&view.pending), "{view:?}");
    let listed = host.workers.list(&component, -1, 10).await.unwrap();
    assert_eq!(listed[0].pending, view.pending);
}
