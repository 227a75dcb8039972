//! Workers of a real component on a real store.

mod calls;
mod deadlocks;
mod failures;
#[cfg(target_os = "linux")]
mod figures;
mod lifecycle;
mod requests;
mod restarts;
mod snapshots;
mod stopping;
mod suspension;

use std::path::Path;
use std::time::Duration;

use host_harness::Harness;
use uuid::Uuid;

use super::*;
use crate::workers::components::ComponentUpload;
use crate::workers::worker::{Status, WorkerView};
use crate::workers::{Engines, WorkerTargets};

/// A server without its APIs. What is in its folder survives it.
struct Host {
    workers: Workers,
    components: Arc<Components>,
    harness: Harness,
}

impl Host {
    fn open(folder: &Path, limits: WorkerLimits) -> Self {
        let store = Arc::new(open_store(folder));
        let targets = WorkerTargets::default();
        let builder = Harness::builder().allow_host("127.0.0.1");
        let builder = builder
            .call_targets(targets.clone())
            .function("caller", test_guests::CALLS_FUNCTIONS);
        let harness = builder.build().unwrap();
        let engines = Engines::new(harness.clone()).unwrap();
        let components = Components::new(store.clone(), Arc::new(engines));
        let workers = Workers::new(
            store,
            components.clone(),
            Egress::new(harness.clone(), targets.clone()),
            limits,
        );
        targets.set(&workers);
        Self {
            workers,
            components,
            harness,
        }
    }

    async fn upload(&self) -> String {
        self.upload_as(false).await
    }

    /// The component that all these tests use, without variables.
    fn uploaded(&self, is_ephemeral: Option<bool>) -> ComponentUpload {
        let artifacts = self.workers.inner.context.store.artifacts().clone();
        let mut upload = artifacts.upload().unwrap();
        upload
            .write(&std::fs::read(test_guests::WORKER).unwrap())
            .unwrap();
        ComponentUpload {
            component: upload.finish(),
            is_ephemeral,
            env: None,
        }
    }

    async fn upload_as(&self, is_ephemeral: bool) -> String {
        let upload = ComponentUpload {
            env: Some([("FROM".to_owned(), "component".to_owned())].into()),
            ..self.uploaded(Some(is_ephemeral))
        };
        let name = Uuid::new_v4().to_string();
        self.components
            .create(name, upload)
            .await
            .unwrap()
            .id
            .to_string()
    }

    /// Uploads the same component as its second version.
    async fn upload_version(&self, component: &str, is_ephemeral: Option<bool>) {
        let upload = self.uploaded(is_ephemeral);
        let id = component.parse().unwrap();
        assert_eq!(self.components.update(id, upload).await.unwrap().number, 1);
    }

    async fn call(
        &self,
        component: &str,
        worker: &str,
        call: WorkerInvocation,
    ) -> Result<String, WorkerError> {
        let answer = self.workers.invoke_and_await(component, worker, call).await;
        answer.map(|returned| returned.value)
    }

    /// Calls a function of the interface with untyped parameters.
    async fn api(
        &self,
        component: &str,
        function: &str,
        params: &str,
    ) -> Result<String, WorkerError> {
        self.call(component, "w", invocation(function, params, None))
            .await
    }

    async fn status(&self, component: &str) -> Status {
        self.workers.get(component, "w").await.unwrap().status
    }
}

/// Opens a store, once the host before has left it.
fn open_store(folder: &Path) -> Store {
    let begun = std::time::Instant::now();
    loop {
        match Store::open(folder) {
            Err(crate::OpenError::Locked { .. }) => {}
            opened => return opened.unwrap(),
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "it is not free");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn invocation(function: &str, params: &str, key: Option<&str>) -> WorkerInvocation {
    WorkerInvocation {
        function: format!("test:worker/api.{{{function}}}"),
        parameters: Parameter::of_array(params.as_bytes()).unwrap(),
        key: key.map(str::to_owned),
        origin: None,
    }
}

/// The parameters of `call`, which calls a function of another worker.
fn call_of(component: &str, worker: &str, function: &str, body: &str) -> String {
    let target = format!("worker:{component}/{worker}");
    let path = format!("/test:worker%2Fapi.%7B{function}%7D");
    serde_json::json!([target, path, body]).to_string()
}

/// State is kept between invocations, and comes back from the journal after a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn state_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (component, clock, random) = {
        let host = Host::open(folder.path(), WorkerLimits::default());
        let component = host.upload().await;
        assert_eq!(host.api(&component, "add", "[2]").await.unwrap(), "[2]");
        assert_eq!(host.api(&component, "add", "[3]").await.unwrap(), "[5]");
        let counter = r#"counter("c").inc-by"#;
        assert_eq!(host.api(&component, counter, "[7]").await.unwrap(), "[7]");
        assert_eq!(host.api(&component, counter, "[7]").await.unwrap(), "[14]");
        let clock = host.api(&component, "clock", "[]").await.unwrap();
        let random = host.api(&component, "random", "[]").await.unwrap();
        assert_eq!(host.status(&component).await, Status::Idle);
        (component, clock, random)
    };
    let host = Host::open(folder.path(), WorkerLimits::default());
    assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[5]");
    let counter = r#"counter("c").get-value"#;
    assert_eq!(host.api(&component, counter, "[]").await.unwrap(), "[14]");
    let again = host.api(&component, "clock", "[]").await.unwrap();
    assert!(
        again.starts_with(clock.trim_end_matches("]]")),
        "{again} {clock}"
    );
    let again = host.api(&component, "random", "[]").await.unwrap();
    assert!(
        again.starts_with(random.trim_end_matches("]]")),
        "{again} {random}"
    );
    let view = host.workers.get(&component, "w").await.unwrap();
    assert_eq!(view.resources.len(), 1);
    let indexed = view.resources[&0].indexed.as_ref().unwrap();
    assert_eq!(indexed.resource_params, [r#""c""#]);
}

/// One key runs once, however many ask at once, and answers the same afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_that_is_repeated_runs_once() {
    let folder = tempfile::tempdir().unwrap();
    let host = Arc::new(Host::open(folder.path(), WorkerLimits::default()));
    let component = host.upload().await;
    let calls = (0..8).map(|_| {
        let (host, component) = (host.clone(), component.clone());
        tokio::spawn(async move {
            host.call(&component, "w", invocation("add", "[1]", Some("k")))
                .await
        })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap(), "[1]");
    }
    // Other parameters are not compared.
    let again = host
        .call(&component, "w", invocation("total", "[]", Some("k")))
        .await;
    assert_eq!(again.unwrap(), "[1]");
    assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[1]");
}

/// Asynchronous invocations run in the order of their arrival, also after a restart, and their keys give the results.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queued_invocations_run_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let component = {
        let host = Host::open(folder.path(), WorkerLimits::default());
        let component = host.upload().await;
        let sleep = invocation("sleep", "[300]", Some("sleep"));
        host.workers.invoke(&component, "w", sleep).await.unwrap();
        let add = invocation("add", "[4]", Some("add"));
        host.workers.invoke(&component, "w", add).await.unwrap();
        assert_eq!(host.status(&component).await, Status::Running);
        component
    };
    let host = Host::open(folder.path(), WorkerLimits::default());
    host.workers.resume_all().await.unwrap();
    // It comes after both.
    assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[4]");
    let slept = host
        .call(&component, "w", invocation("sleep", "[0]", Some("sleep")))
        .await;
    let slept: Vec<u64> = serde_json::from_str(&slept.unwrap()).unwrap();
    assert!(slept[0] >= 300, "{slept:?}");
    let added = host
        .call(&component, "w", invocation("add", "[0]", Some("add")))
        .await;
    assert_eq!(added.unwrap(), "[4]");
}

/// A call that cannot be made leaves no worker behind, and does not hurt one that there is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_call_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), WorkerLimits::default());
    let component = host.upload().await;
    for (function, params) in [("nothing", "[]"), ("add", "[]"), ("add", r#"["x"]"#)] {
        let error = host.api(&component, function, params).await.unwrap_err();
        assert!(matches!(error, WorkerError::BadCall(_)), "{error}");
    }
    let found = host.workers.get(&component, "w").await;
    assert!(matches!(found, Err(WorkerError::WorkerNotFound { .. })));
    host.api(&component, "add", "[1]").await.unwrap();
    let dead = format!(r#"["urn:worker:{component}/w/9"]"#);
    let error = host
        .api(&component, "counter.get-value", &dead)
        .await
        .unwrap_err();
    assert!(matches!(error, WorkerError::BadCall(_)), "{error}");
    assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[1]");
}

/// Handles live as long as the worker; one that is moved or dropped is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handles_live_as_long_as_the_worker() {
    let folder = tempfile::tempdir().unwrap();
    let component = {
        let host = Host::open(folder.path(), WorkerLimits::default());
        let component = host.upload().await;
        for name in ["a", "b"] {
            let made = host
                .api(&component, "counter.new", &format!(r#"["{name}"]"#))
                .await
                .unwrap();
            assert!(made.starts_with(r#"["urn:worker:"#), "{made}");
        }
        component
    };
    let host = Host::open(folder.path(), WorkerLimits::default());
    let handle = |number: u64| format!(r#""urn:worker:{component}/w/{number}""#);
    let inc = format!("[{},5]", handle(1));
    assert_eq!(
        host.api(&component, "counter.inc-by", &inc).await.unwrap(),
        "[5]"
    );
    let twice = format!("[{},{}]", handle(0), handle(0));
    let error = host
        .api(&component, "counter.merge", &twice)
        .await
        .unwrap_err();
    assert!(matches!(error, WorkerError::BadCall(_)), "{error}");
    let both = format!("[{},{}]", handle(0), handle(1));
    let merged = host.api(&component, "counter.merge", &both).await.unwrap();
    assert_eq!(merged, format!("[{}]", handle(2)));
    let gone = format!("[{}]", handle(0));
    assert!(
        host.api(&component, "counter.get-value", &gone)
            .await
            .is_err()
    );
    let drop = format!("[{}]", handle(2));
    assert_eq!(
        host.api(&component, "counter.drop", &drop).await.unwrap(),
        "[]"
    );
    assert_eq!(
        host.api(&component, "dropped", "[]").await.unwrap(),
        r#"[["a","a+b"]]"#
    );
}
