//! Workers that are interrupted, unloaded, deleted and updated.

use super::restarts::until;
use super::*;

/// An interrupted sleep answers its caller, and continues where it was: it is over when it was due.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_invocation_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let host = Arc::new(Host::open(folder.path(), WorkerLimits::default()));
    let component = host.upload().await;
    host.api(&component, "add", "[1]").await.unwrap();
    let sleeping = tokio::spawn({
        let (host, component) = (host.clone(), component.clone());
        async move {
            host.call(&component, "w", invocation("sleep", "[700]", Some("s")))
                .await
        }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    host.workers
        .interrupt(&component, "w", false)
        .await
        .unwrap();
    assert_eq!(sleeping.await.unwrap(), Err(WorkerError::Interrupted));
    assert_eq!(host.status(&component).await, Status::Interrupted);
    host.workers.resume(&component, "w").await.unwrap();
    let slept = host
        .call(&component, "w", invocation("sleep", "[0]", Some("s")))
        .await
        .unwrap();
    let slept: Vec<u64> = serde_json::from_str(&slept).unwrap();
    assert!((700..5000).contains(&slept[0]), "{slept:?}");
    assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[1]");
}

/// A repeated call resumes an interrupted worker, as any other call does: it does not wait forever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_key_of_an_interrupted_invocation_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), WorkerLimits::default());
    let component = host.upload().await;
    let sleep = || invocation("sleep", "[700]", Some("s"));
    host.workers.invoke(&component, "w", sleep()).await.unwrap();
    until(&host, &component, |view| view.status != Status::Idle).await;
    let interrupted = host.workers.interrupt(&component, "w", false);
    interrupted.await.unwrap();
    let repeated = host.call(&component, "w", sleep());
    let slept = tokio::time::timeout(Duration::from_secs(30), repeated).await;
    let slept: Vec<u64> = serde_json::from_str(&slept.unwrap().unwrap()).unwrap();
    assert!(slept[0] >= 700, "{slept:?}");
}

/// An idle worker is resumed without becoming anything else, also once it is unloaded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_worker_stays_idle_when_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let limits = WorkerLimits {
        idle: Duration::from_millis(30),
        ..WorkerLimits::default()
    };
    let host = Host::open(folder.path(), limits);
    let component = host.upload().await;
    host.api(&component, "add", "[1]").await.unwrap();
    host.workers.resume(&component, "w").await.unwrap();
    while !host.workers.known().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(host.status(&component).await, Status::Idle);
}

/// A deleted worker begins anew, and clients that waited for it are told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_worker_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let host = Arc::new(Host::open(folder.path(), WorkerLimits::default()));
    let component = host.upload().await;
    host.call(&component, "w", invocation("add", "[1]", Some("k")))
        .await
        .unwrap();
    let sleeping = tokio::spawn({
        let (host, component) = (host.clone(), component.clone());
        async move { host.api(&component, "sleep", "[60000]").await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(host.workers.delete(&component, "w").await.unwrap());
    assert_eq!(sleeping.await.unwrap(), Err(WorkerError::Deleted));
    let again = host
        .call(&component, "w", invocation("add", "[5]", Some("k")))
        .await;
    assert_eq!(again.unwrap(), "[5]");
    assert!(!host.workers.delete(&component, "nobody").await.unwrap());
}

/// A worker that has nothing to do is unloaded, and comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_worker_is_unloaded() {
    let folder = tempfile::tempdir().unwrap();
    let limits = WorkerLimits {
        idle: Duration::from_millis(50),
        ..WorkerLimits::default()
    };
    let host = Host::open(folder.path(), limits);
    let component = host.upload().await;
    for round in 1..4 {
        let total = host.api(&component, "add", "[1]").await.unwrap();
        assert_eq!(total, format!("[{round}]"));
        let start = std::time::Instant::now();
        while !host.workers.known().is_empty() {
            assert!(start.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Variables of the worker come before those of the component, and arguments are the worker's own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn created_worker_has_its_environment() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), WorkerLimits::default());
    let component = host.upload().await;
    let creation = Creation {
        args: vec!["one".to_owned()],
        env: [("OWN".to_owned(), "worker".to_owned())].into(),
    };
    assert_eq!(host.workers.create(&component, "w", &creation).await, Ok(0));
    let again = host.workers.create(&component, "w", &creation).await;
    assert!(matches!(
        again,
        Err(WorkerError::WorkerAlreadyExists { .. })
    ));
    assert_eq!(
        host.api(&component, "variable", r#"["OWN"]"#)
            .await
            .unwrap(),
        r#"["worker"]"#
    );
    assert_eq!(
        host.api(&component, "variable", r#"["FROM"]"#)
            .await
            .unwrap(),
        r#"["component"]"#
    );
    assert_eq!(
        host.api(&component, "arguments", "[]").await.unwrap(),
        r#"[["one"]]"#
    );
}

/// A waiting invocation can be cancelled, one that has begun cannot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_invocation_is_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), WorkerLimits::default());
    let component = host.upload().await;
    let sleep = invocation("sleep", "[3000]", Some("sleep"));
    host.workers.invoke(&component, "w", sleep).await.unwrap();
    let add = invocation("add", "[4]", Some("add"));
    host.workers.invoke(&component, "w", add).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(host.workers.cancel(&component, "w", "add").await, Ok(true));
    assert_eq!(
        host.workers.cancel(&component, "w", "sleep").await,
        Ok(false)
    );
    let unknown = host.workers.cancel(&component, "w", "unknown").await;
    assert_eq!(unknown, Err(WorkerError::InvocationNotFound));
    assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[0]");
}

/// An update to a version that behaves the same keeps the state.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_keeps_the_state() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), WorkerLimits::default());
    let component = host.upload().await;
    host.api(&component, "add", "[6]").await.unwrap();
    host.upload_version(&component, None).await;
    host.workers.update(&component, "w", 1).await.unwrap();
    assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[6]");
    let view = host.workers.get(&component, "w").await.unwrap();
    assert_eq!((view.version, view.status), (1, Status::Idle));
    assert_eq!(
        view.updates[0].state,
        crate::workers::UpdateState::Successful
    );
}
