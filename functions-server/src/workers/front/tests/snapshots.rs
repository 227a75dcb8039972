//! Workers whose component saves what they are.

use super::*;
use crate::store::workers;

/// So few bytes that a snapshot is taken every few calls.
fn limits() -> WorkerLimits {
    WorkerLimits {
        snapshot_after: 300,
        ..WorkerLimits::default()
    }
}

/// The lengths of the rows of a worker's journal.
async fn rows(host: &Host, component: &str) -> Vec<usize> {
    let of = component.to_owned();
    let read = host.workers.inner.context.store.read(move |connection| {
        let worker = workers::find(connection, &of, "w")?.unwrap();
        workers::read(connection, worker.id)
    });
    read.await.unwrap().rows.iter().map(Vec::len).collect()
}

/// A worker with a variable that makes its snapshots fail.
async fn told(host: &Host, component: &str, what: &str) {
    let creation = Creation {
        env: [("SNAPSHOT".to_owned(), what.to_owned())].into(),
        ..Creation::default()
    };
    host.workers
        .create(component, "w", &creation)
        .await
        .unwrap();
}

/// A journal gets no longer than a few snapshots, and the worker keeps its state, its keys and its clock, over
/// restarts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn journal_stays_short() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), limits());
    let component = host.upload().await;
    let first = host
        .call(&component, "w", invocation("add", "[1]", Some("k")))
        .await;
    assert_eq!(first.unwrap(), "[1]");
    let slept = host.api(&component, "sleep", "[30]").await.unwrap();
    let clock = host.api(&component, "clock", "[]").await.unwrap();
    for number in 2..=200 {
        let added = host.api(&component, "add", "[1]").await.unwrap();
        assert_eq!(added, format!("[{number}]"));
    }
    let rows = rows(&host, &component).await;
    assert!(rows.iter().sum::<usize>() < 1500, "{rows:?}");
    assert_ne!(slept, "[0]");
    drop(host);

    let host = Host::open(folder.path(), limits());
    assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[200]");
    let again = host
        .call(&component, "w", invocation("add", "[1]", Some("k")))
        .await;
    assert_eq!(again.unwrap(), "[1]");
    let later = host.api(&component, "clock", "[]").await.unwrap();
    assert!(
        later.starts_with(clock.trim_end_matches("]]")),
        "{clock} {later}"
    );
    let before: u64 = clock.trim_matches(['[', ']']).parse().unwrap();
    let after: u64 = later
        .rsplit(',')
        .next()
        .unwrap()
        .trim_matches(['[', ']'])
        .parse()
        .unwrap();
    assert!(before < after);
}

/// What a component gets from outside while it loads is recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loading_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let (component, known) = {
        let host = Host::open(folder.path(), limits());
        let component = host.upload().await;
        told(&host, &component, "clock").await;
        for _ in 0..50 {
            host.api(&component, "add", "[1]").await.unwrap();
        }
        let known = host.api(&component, "clock", "[]").await.unwrap();
        (component, known)
    };
    for _ in 0..2 {
        let host = Host::open(folder.path(), WorkerLimits::default());
        assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[50]");
        assert_eq!(host.status(&component).await, Status::Idle);
        drop(host);
    }
    let host = Host::open(folder.path(), WorkerLimits::default());
    let now = host.api(&component, "clock", "[]").await.unwrap();
    assert!(
        now.starts_with(known.trim_end_matches("]]")),
        "{known} {now}"
    );
}

/// A worker that cannot be saved, or refuses what it has saved, keeps its journal and works on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failing_snapshots_change_nothing() {
    for what in ["trap", "refuse", "request"] {
        let folder = tempfile::tempdir().unwrap();
        let component = {
            let host = Host::open(folder.path(), limits());
            let component = host.upload().await;
            told(&host, &component, what).await;
            for number in 1..=40 {
                let added = host.api(&component, "add", "[1]").await.unwrap();
                assert_eq!(added, format!("[{number}]"), "{what}");
            }
            assert!(rows(&host, &component).await.len() >= 40, "{what}");
            component
        };
        let host = Host::open(folder.path(), limits());
        assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[40]");
    }
}

/// A worker of which clients have handles is not saved until they are dropped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_with_handles_is_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), limits());
    let component = host.upload().await;
    let inc = r#"counter("c").inc-by"#;
    for number in 1..=40 {
        let counted = host.api(&component, inc, "[1]").await.unwrap();
        assert_eq!(counted, format!("[{number}]"));
    }
    assert!(rows(&host, &component).await.len() >= 40);
    host.api(&component, r#"counter("c").drop"#, "[]")
        .await
        .unwrap();
    host.api(&component, "add", "[1]").await.unwrap();
    assert!(rows(&host, &component).await.len() < 10);
    // Numbers of resources continue.
    let next = host
        .api(&component, "counter.new", r#"["d"]"#)
        .await
        .unwrap();
    assert!(next.ends_with("/w/1\"]"), "{next}");
    assert_eq!(
        host.api(&component, "dropped", "[]").await.unwrap(),
        r#"[["c"]]"#
    );
}

/// A worker is updated from a snapshot, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saved_worker_is_updated() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), limits());
    let component = host.upload().await;
    for _ in 0..40 {
        host.api(&component, "add", "[1]").await.unwrap();
    }
    host.upload_version(&component, None).await;
    host.workers.update(&component, "w", 1).await.unwrap();
    assert_eq!(host.api(&component, "add", "[1]").await.unwrap(), "[41]");
    assert_eq!(host.workers.get(&component, "w").await.unwrap().version, 1);
}
