//! Workers that sleep for long.

use super::restarts::until;
use super::*;

fn limits() -> WorkerLimits {
    WorkerLimits {
        suspend_after: Duration::from_millis(50),
        ..WorkerLimits::default()
    }
}

/// A worker that sleeps is suspended, and continues when the sleep is over. Meanwhile others wait for their turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sleeping_worker_is_suspended() {
    let folder = tempfile::tempdir().unwrap();
    let host = Arc::new(Host::open(folder.path(), limits()));
    let component = host.upload().await;
    host.api(&component, "add", "[1]").await.unwrap();
    let sleeping = tokio::spawn({
        let (host, component) = (host.clone(), component.clone());
        async move { host.api(&component, "sleep", "[1500]").await }
    });
    until(&host, &component, |view| view.status == Status::Suspended).await;
    let next = host.api(&component, "add", "[1]").await;
    assert_eq!(next.unwrap(), "[2]");
    let slept: Vec<u64> = serde_json::from_str(&sleeping.await.unwrap().unwrap()).unwrap();
    assert!((1500..10_000).contains(&slept[0]), "{slept:?}");
    until(&host, &component, |view| view.status == Status::Idle).await;
}

/// A suspended worker can be interrupted and resumed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_worker_is_interrupted_and_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), limits());
    let component = host.upload().await;
    let sleep = || invocation("sleep", "[1500]", Some("sleep"));
    host.workers.invoke(&component, "w", sleep()).await.unwrap();
    until(&host, &component, |view| view.status == Status::Suspended).await;
    host.workers.resume(&component, "w").await.unwrap();
    until(&host, &component, |view| view.status == Status::Suspended).await;
    host.workers
        .interrupt(&component, "w", false)
        .await
        .unwrap();
    assert_eq!(host.status(&component).await, Status::Interrupted);
    host.workers.resume(&component, "w").await.unwrap();
    let slept = host.call(&component, "w", sleep()).await.unwrap();
    let slept: Vec<u64> = serde_json::from_str(&slept).unwrap();
    assert!((1500..10_000).contains(&slept[0]), "{slept:?}");
}

/// A suspended worker continues after a restart, and sleeps no longer than it was to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_worker_goes_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let sleep = || invocation("sleep", "[1500]", Some("sleep"));
    let component = {
        let host = Host::open(folder.path(), limits());
        let component = host.upload().await;
        host.workers.invoke(&component, "w", sleep()).await.unwrap();
        until(&host, &component, |view| view.status == Status::Suspended).await;
        component
    };
    let host = Host::open(folder.path(), limits());
    host.workers.resume_all().await.unwrap();
    let slept = host.call(&component, "w", sleep()).await.unwrap();
    let slept: Vec<u64> = serde_json::from_str(&slept).unwrap();
    assert!((1500..10_000).contains(&slept[0]), "{slept:?}");
}
