//! Requests of workers: sent once where their response was recorded, and again where it was not.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A server that numbers its responses.
struct Numbers {
    authority: String,
    count: Arc<AtomicU64>,
    /// The `idempotency-key` of each request.
    keys: Arc<Mutex<Vec<Option<String>>>>,
}

impl Numbers {
    /// Each response takes this long.
    async fn start(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let (count, keys) = (Arc::new(AtomicU64::new(0)), Arc::default());
        let server = Self {
            authority,
            count: count.clone(),
            keys: Arc::clone(&keys),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(respond(stream, delay, count.clone(), keys.clone()));
            }
        });
        server
    }

    fn params(&self, path: &str, body: &str) -> String {
        serde_json::json!([self.authority, path, body]).to_string()
    }

    fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }
}

async fn respond(
    mut stream: TcpStream,
    delay: Duration,
    count: Arc<AtomicU64>,
    keys: Arc<Mutex<Vec<Option<String>>>>,
) {
    let mut bytes = Vec::new();
    let head = loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some(end) = text.find("\r\n\r\n") {
            break text[..end].to_ascii_lowercase();
        }
        if stream.read_buf(&mut bytes).await.unwrap() == 0 {
            return;
        }
    };
    let header = |name: &str| {
        let mut lines = head.lines();
        lines.find_map(|line| {
            line.strip_prefix(name)?
                .strip_prefix(": ")
                .map(str::to_owned)
        })
    };
    let length: usize = header("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < head.len() + 4 + length {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0);
    }
    keys.lock().unwrap().push(header("idempotency-key"));
    let number = count.fetch_add(1, Ordering::SeqCst) + 1;
    tokio::time::sleep(delay).await;
    let body = format!("{number}:{length}");
    let response = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    // The client may have gone away.
    let _ = stream.write_all(response.as_bytes()).await;
}

/// A request whose response was recorded is not sent again by a restart, and the guest gets what it got.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_request_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let server = Numbers::start(Duration::ZERO).await;
    let long = "x".repeat(300_000);
    let component = {
        let host = Host::open(folder.path(), WorkerLimits::default());
        let component = host.upload().await;
        let got = host
            .api(&component, "fetch", &server.params("/a", &long))
            .await;
        assert_eq!(got.unwrap(), r#"[{"ok":["200 1:300000"]}]"#);
        component
    };
    let host = Host::open(folder.path(), WorkerLimits::default());
    let got = host
        .api(&component, "fetch", &server.params("/a", "y"))
        .await;
    assert_eq!(got.unwrap(), r#"[{"ok":["200 1:300000","200 2:1"]}]"#);
    assert_eq!(server.count(), 2);
}

/// A request that was in flight is sent again, with the same key, and only that one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_request_is_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Numbers::start(Duration::from_millis(400)).await;
    let host = Arc::new(Host::open(folder.path(), WorkerLimits::default()));
    let component = host.upload().await;
    let first = host
        .api(&component, "fetch", &server.params("/a", "x"))
        .await;
    assert_eq!(first.unwrap(), r#"[{"ok":["200 1:1"]}]"#);
    let fetching = tokio::spawn({
        let (host, component) = (host.clone(), component.clone());
        let fetch = invocation("fetch", &server.params("/b", "xy"), Some("k"));
        async move { host.call(&component, "w", fetch).await }
    });
    while server.count() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    host.workers
        .interrupt(&component, "w", false)
        .await
        .unwrap();
    assert_eq!(fetching.await.unwrap(), Err(WorkerError::Interrupted));
    host.workers.resume(&component, "w").await.unwrap();
    let got = host
        .call(
            &component,
            "w",
            invocation("fetch", r#"["","",null]"#, Some("k")),
        )
        .await;
    assert_eq!(got.unwrap(), r#"[{"ok":["200 1:1","200 3:2"]}]"#);
    assert_eq!(server.count(), 3);
    let keys = server.keys.lock().unwrap().clone();
    assert!(keys.iter().all(Option::is_some), "{keys:?}");
    assert_ne!(keys[0], keys[1]);
    assert_eq!(keys[1], keys[2]);
}

/// A server that is not allowed gets no request, and the guest is told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_to_a_server_that_is_not_allowed_fails() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::open(folder.path(), WorkerLimits::default());
    let component = host.upload().await;
    let got = host
        .api(&component, "fetch", r#"["10.0.0.1","/",null]"#)
        .await
        .unwrap();
    assert!(got.contains("err") && got.contains("Denied"), "{got}");
}

/// Requests and calls by the host's own interfaces are recorded too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn host_interfaces_are_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let server = Numbers::start(Duration::ZERO).await;
    let url = serde_json::json!([format!("http://{}/a", server.authority)]).to_string();
    let ping = r#"["caller","/get?of=worker:other&path=x",""]"#;
    let component = {
        let host = Host::open(folder.path(), WorkerLimits::default());
        let component = host.upload().await;
        let got = host.api(&component, "get", &url).await.unwrap();
        assert_eq!(got, r#"[{"ok":"200 1:0"}]"#);
        let called = host.api(&component, "call", ping).await.unwrap();
        assert!(called.starts_with(r#"[{"ok":"#), "{called}");
        let missing = host
            .api(&component, "call", r#"["nobody","/",""]"#)
            .await
            .unwrap();
        assert!(
            missing.contains("err") && missing.contains("nobody"),
            "{missing}"
        );
        component
    };
    let host = Host::open(folder.path(), WorkerLimits::default());
    assert_eq!(host.api(&component, "total", "[]").await.unwrap(), "[0]");
    assert_eq!(server.count(), 1);
}

/// No two requests have the same key, also after the worker was saved and loaded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_differ_after_snapshots() {
    let folder = tempfile::tempdir().unwrap();
    let server = Numbers::start(Duration::ZERO).await;
    let limits = WorkerLimits {
        snapshot_after: 100,
        ..WorkerLimits::default()
    };
    let host = Host::open(folder.path(), limits);
    let component = host.upload().await;
    for number in 1..=20 {
        let params = server.params("/a", "x");
        let fetched = host.api(&component, "fetch", &params).await;
        assert!(fetched.unwrap().contains(&format!("200 {number}:1")));
    }
    let keys = server.keys.lock().unwrap().clone();
    let different: std::collections::HashSet<_> = keys.iter().flatten().collect();
    assert_eq!((keys.len(), different.len()), (20, 20));
}
