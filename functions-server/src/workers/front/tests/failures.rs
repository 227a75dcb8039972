//! Workers that trap, exit, or reach a limit.

use super::*;

/// A trap ends the worker, and what it says is kept; a key that has a result still gives it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_that_traps_has_failed() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), WorkerLimits::default());
    let component = host.upload().await;
    host.call(&component, "w", invocation("add", "[1]", Some("k")))
        .await
        .unwrap();
    let error = host
        .api(&component, "trap-after-clock", "[]")
        .await
        .unwrap_err();
    let WorkerError::RuntimeError(why) = error else {
        panic!("{error}");
    };
    assert!(why.contains("told to panic after 1 times"), "{why}");
    assert_eq!(host.status(&component).await, Status::Failed);
    let error = host.api(&component, "total", "[]").await.unwrap_err();
    assert!(
        matches!(error, WorkerError::PreviousInvocationFailed(_)),
        "{error}"
    );
    let known = host
        .call(&component, "w", invocation("add", "[1]", Some("k")))
        .await;
    assert_eq!(known.unwrap(), "[1]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_that_exits_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), WorkerLimits::default());
    let component = host.upload().await;
    let error = host.api(&component, "exit", "[]").await.unwrap_err();
    assert_eq!(
        error,
        WorkerError::RuntimeError("Process exited".to_owned())
    );
    assert_eq!(host.status(&component).await, Status::Exited);
    let error = host.api(&component, "total", "[]").await.unwrap_err();
    assert_eq!(error, WorkerError::PreviousInvocationExited);
}

/// An endless loop ends at the limit of CPU time, while other workers continue.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_loop_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let limits = WorkerLimits {
        cpu_time: Duration::from_millis(300),
        ..WorkerLimits::default()
    };
    let host = Arc::new(Host::open(folder.path(), limits));
    let component = host.upload().await;
    let spinning = tokio::spawn({
        let (host, component) = (host.clone(), component.clone());
        async move { host.api(&component, "spin", "[]").await }
    });
    let other = host
        .call(&component, "other", invocation("add", "[1]", None))
        .await;
    assert_eq!(other.unwrap(), "[1]");
    let error = spinning.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("--worker-cpu-time"), "{error}");
    assert_eq!(host.status(&component).await, Status::Failed);
}

/// A worker gets no more memory than it was created with, and fails when it insists.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_limited() {
    let folder = tempfile::tempdir().unwrap();
    let limits = WorkerLimits {
        memory: 16 << 20,
        ..WorkerLimits::default()
    };
    let host = Host::open(folder.path(), limits);
    let component = host.upload().await;
    assert_eq!(host.api(&component, "fill", "[4]").await.unwrap(), "[4]");
    assert!(host.api(&component, "fill", "[64]").await.is_err());
    assert_eq!(host.status(&component).await, Status::Failed);
    assert!(host.workers.get(&component, "w").await.unwrap().memory <= 16 << 20);
}

/// A worker whose journal is full says how to continue, and does so once it may be longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_journal_can_be_raised() {
    let folder = tempfile::tempdir().unwrap();
    let limits = |journal| WorkerLimits {
        journal,
        ..WorkerLimits::default()
    };
    let (component, added) = {
        let host = Host::open(folder.path(), limits(1000));
        let component = host.upload().await;
        let mut added = 0;
        let error = loop {
            match host.api(&component, "add", "[1]").await {
                Ok(_) => added += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, WorkerError::JournalFull(_)), "{error}");
        assert!(error.to_string().contains("--worker-journal"), "{error}");
        assert_eq!(host.status(&component).await, Status::Idle);
        (component, added)
    };
    assert!(added > 3, "{added}");
    let host = Host::open(folder.path(), limits(2000));
    let next = host.api(&component, "add", "[1]").await.unwrap();
    assert_eq!(next, format!("[{}]", added + 1));
}

/// What was acknowledged while the journal had no room waits until it has, and says so; it is never lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_journal_keeps_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let limits = |journal| WorkerLimits {
        journal,
        ..WorkerLimits::default()
    };
    let is_full = |error: &WorkerError| matches!(error, WorkerError::JournalFull(_));
    let (component, added) = {
        let host = Host::open(folder.path(), limits(1000));
        let component = host.upload().await;
        let mut added = 0;
        let mut add = async |key: Option<&str>| {
            let add = invocation("add", "[1]", key);
            let invoked = host.call(&component, "w", add).await;
            added += u32::from(invoked.is_ok());
            invoked
        };
        while add(None).await.is_ok() {}
        // The worker does not know yet that its journal is full. Asking for the result fails instead of blocking.
        let later = |key| invocation("add", "[1]", Some(key));
        let invoke = |key| host.workers.invoke(&component, "w", later(key));
        invoke("acknowledged").await.unwrap();
        for _ in 0..2 {
            let error = add(Some("acknowledged")).await.unwrap_err();
            assert!(is_full(&error), "{error}");
        }
        let error = invoke("refused").await.unwrap_err();
        assert!(is_full(&error), "{error}");
        let error = add(None).await.unwrap_err();
        assert!(is_full(&error), "{error}");
        let long = invocation("print", &format!("[\"{}\"]", "x".repeat(1000)), None);
        let error = host.call(&component, "other", long).await.unwrap_err();
        assert!(is_full(&error), "{error}");
        (component, added)
    };
    let host = Host::open(folder.path(), limits(3000));
    let known = host
        .call(
            &component,
            "w",
            invocation("add", "[1]", Some("acknowledged")),
        )
        .await;
    assert_eq!(known.unwrap(), format!("[{}]", added + 1));
    let next = host.api(&component, "add", "[1]").await.unwrap();
    assert_eq!(next, format!("[{}]", added + 2));
}
