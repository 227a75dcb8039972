//! Deploys while requests come.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::json;

use crate::support::Running;

/// While versions are deployed, no request fails; after the reply to a deploy, none reaches an older one.
#[tokio::test(flavor = "multi_thread")]
async fn deploys_under_load_lose_no_request() {
    let running = Running::start().await;
    let (management, functions) = (running.management(), running.functions());
    management.deploy("f", test_guests::MISBEHAVE).await.ok(201);
    let (acknowledged, done) = (
        Arc::new(AtomicU64::new(1)),
        Arc::new(AtomicBool::new(false)),
    );
    let mut clients = Vec::new();
    for _ in 0..4 {
        let (functions, acknowledged, done) =
            (functions.clone(), acknowledged.clone(), done.clone());
        clients.push(tokio::spawn(async move {
            let mut requests = 0;
            while !done.load(Ordering::Relaxed) {
                let least = acknowledged.load(Ordering::SeqCst);
                let answer = functions.get("/f/environment").await;
                assert_eq!(answer.status, 200, "{}", answer.text());
                let line = answer
                    .text()
                    .lines()
                    .find_map(|line| line.strip_prefix("version="));
                let version: u64 = line.unwrap().parse().unwrap();
                assert!(
                    version >= least,
                    "version {version} after {least} was acknowledged"
                );
                requests += 1;
            }
            requests
        }));
    }
    for number in 0..10 {
        let settings = json!({"variables": {"NUMBER": number.to_string()}});
        let changed = management.put("/v1/functions/f/settings", settings).await;
        changed.ok(200);
        let tag = changed.headers["etag"]
            .to_str()
            .unwrap()
            .trim_matches('"')
            .parse()
            .unwrap();
        acknowledged.store(tag, Ordering::SeqCst);
    }
    done.store(true, Ordering::Relaxed);
    for client in clients {
        assert!(client.await.unwrap() > 0);
    }
    assert_eq!(acknowledged.load(Ordering::SeqCst), 11);
}
