//! Settings of one function, which hold against its code and its callers.

use std::time::{Duration, Instant};

use host_harness::{Callers, FunctionSettings, LogLevel, Reuse};

use super::{builder, deploy, host, listening, settings};
use test_support::client::pieces;

/// Each setting beyond the host's bound is refused by its name.
#[tokio::test]
async fn settings_above_the_hosts_are_refused() {
    type Set = fn(&mut FunctionSettings);
    let (harness, _server, _client) = listening(
        builder()
            .timeout(Duration::from_secs(3))
            .stream_timeout(Duration::from_secs(3))
            .cpu_time(Duration::from_secs(3))
            .memory(16 << 20)
            .concurrency(8, 8)
            .max_body(100)
            .allow_host("a.example"),
    )
    .await;
    let invalid: [(&str, Set); 19] = [
        ("timeout", |of| of.timeout = Some(Duration::from_secs(4))),
        ("timeout", |of| of.timeout = Some(Duration::ZERO)),
        ("stream_timeout", |of| {
            of.stream_timeout = Some(Duration::from_secs(4));
        }),
        ("cpu_time", |of| of.cpu_time = Some(Duration::from_secs(4))),
        ("memory", |of| of.memory = Some((16 << 20) + 1)),
        ("memory", |of| of.memory = Some(0)),
        ("memories", |of| of.memories = Some(2)),
        ("concurrency", |of| of.concurrency = Some(9)),
        ("concurrency", |of| of.concurrency = Some(0)),
        ("queue", |of| of.queue = Some(9)),
        ("max_body", |of| of.max_body = Some(101)),
        ("allowed_hosts", |of| {
            of.allowed_hosts = Some(vec!["b.example".into()]);
        }),
        ("allowed_hosts", |of| {
            of.allowed_hosts = Some(vec!["*".into()]);
        }),
        ("allowed_hosts", |of| {
            of.allowed_hosts = Some(vec!["a b".into()]);
        }),
        ("variables", |of| {
            of.variables = vec![("A=B".into(), String::new())];
        }),
        ("callers", |of| {
            of.callers = Callers::Only(vec!["a/b".into()]);
        }),
        ("ingress", |of| of.ingress = host_harness::Ingress::Token),
        ("min_level", |of| of.min_level = Some(Some(LogLevel::Debug))),
        ("queue", |of| of.queue = Some(usize::MAX)),
    ];
    for (name, set) in invalid {
        let refused = deploy(&harness, "f", test_guests::PING, set)
            .await
            .unwrap_err();
        assert_eq!(refused.setting(), Some(name), "{refused}");
        assert!(refused.is_invalid_setting());
        assert!(
            refused
                .to_string()
                .starts_with(&format!("invalid setting {name}: ")),
            "{refused}"
        );
    }
    let most: Set = |of| {
        of.timeout = Some(Duration::from_secs(3));
        of.stream_timeout = Some(Duration::from_secs(3));
        of.cpu_time = Some(Duration::from_secs(3));
        of.memory = Some(16 << 20);
        of.memories = Some(1);
        of.concurrency = Some(8);
        of.queue = Some(8);
        of.max_body = Some(100);
        of.allowed_hosts = Some(vec!["a.example:443".into()]);
        of.min_level = Some(Some(LogLevel::Info));
        of.reuse = Some(Reuse::Never);
    };
    deploy(&harness, "f", test_guests::PING, most)
        .await
        .unwrap();
    assert!(matches!(harness.function("f").unwrap().reuse, Some(Err(_))));
}

/// A function's own limits of time, CPU time and memory end it long before the host's would.
#[tokio::test]
async fn hostile_function_ends_at_its_own_limits() {
    let (harness, _server, client) = host().await;
    deploy(&harness, "f", test_guests::MISBEHAVE, |of| {
        of.timeout = Some(Duration::from_secs(2));
        of.stream_timeout = Some(Duration::from_secs(1));
        of.cpu_time = Some(Duration::from_millis(100));
        of.memory = Some(4 << 20);
    })
    .await
    .unwrap();
    let began = Instant::now();
    for (path, status, reason) in [
        ("/f/sleep", 504, "timeout"),
        ("/f/loop", 504, "cpu-limit"),
        ("/f/grow", 500, "memory-limit"),
        // 32 MiB at once.
        ("/f/large", 500, "memory-limit"),
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert_eq!(answer.problem("reason"), reason, "{path}");
    }
    let request = client.request(http::Method::GET, "/f/stream-silent");
    let request = request.body(test_support::client::whole("")).unwrap();
    let stream = client.begin(request).await.unwrap();
    assert!(
        http_body_util::BodyExt::collect(stream.into_body())
            .await
            .is_err()
    );
    // The host's limits are 30 s and 5 minutes.
    assert!(began.elapsed() < Duration::from_secs(25));
}

/// Beyond a function's concurrency requests wait, beyond its queue they get 429, and another function is
/// answered meanwhile. A call does not wait.
#[tokio::test]
async fn concurrency_and_queue_belong_to_the_function() {
    let (harness, _server, client) = host().await;
    deploy(&harness, "f", test_guests::MISBEHAVE, |of| {
        of.concurrency = Some(1);
        of.queue = Some(1);
    })
    .await
    .unwrap();
    deploy(&harness, "ping", test_guests::PING, |_| {})
        .await
        .unwrap();
    deploy(&harness, "caller", test_guests::CALLER, |_| {})
        .await
        .unwrap();
    let start = |expected: u32| {
        let (sender, body) = pieces();
        let request = client
            .request(http::Method::POST, "/f/length")
            .body(body)
            .unwrap();
        let (client, harness) = (client.clone(), harness.clone());
        let asking = tokio::spawn(async move { client.send(request).await });
        async move {
            while harness.function("f").unwrap().instances.running < expected {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            (sender, asking)
        }
    };
    let (first, running) = start(1).await;
    let (second, waiting) = start(2).await;
    // The second holds a position in the queue once it has been polled.
    let (_third, body) = pieces();
    let request = client
        .request(http::Method::POST, "/f/length")
        .body(body)
        .unwrap();
    let refused = client.send(request).await;
    assert_eq!(refused.status, 429, "{refused:?}");
    assert_eq!(refused.problem("reason"), "overloaded");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let called = client.get("/caller/call/f/length").await;
    assert_eq!(
        (called.status.as_u16(), called.text()),
        (502, "Error::Overloaded")
    );
    assert_eq!(client.get("/ping").await.text(), "pong");
    drop(first);
    assert_eq!(running.await.unwrap().text(), "0");
    drop(second);
    assert_eq!(waiting.await.unwrap().text(), "0");
    assert_eq!(client.get("/caller/call/f/length").await.text(), "0");
}

/// Variables are the host's and the function's own, which take precedence; others do not see them.
#[tokio::test]
async fn variables_belong_to_one_function() {
    let (harness, _server, client) =
        listening(builder().env("SHARED", "1").env("REPLACED", "2")).await;
    deploy(&harness, "f", test_guests::MISBEHAVE, |of| {
        of.variables = vec![("OWN".into(), "3".into()), ("REPLACED".into(), "4".into())];
        of.version = Some("7".into());
    })
    .await
    .unwrap();
    deploy(&harness, "g", test_guests::MISBEHAVE, |_| {})
        .await
        .unwrap();
    let answer = client.get("/f/environment").await;
    let expected =
        r#"variables=[("NO_COLOR", "1"), ("SHARED", "1"), ("OWN", "3"), ("REPLACED", "4")]"#;
    assert!(answer.text().contains(expected), "{}", answer.text());
    assert!(answer.text().contains("version=7\n"));
    let answer = client.get("/g/environment").await;
    let expected = r#"variables=[("NO_COLOR", "1"), ("SHARED", "1"), ("REPLACED", "2")]"#;
    assert!(answer.text().contains(expected), "{}", answer.text());
    let shown = format!(
        "{:?}",
        settings(|of| of.variables = vec![("A".into(), "geheim".into())])
    );
    assert!(
        shown.contains("\"A\"") && !shown.contains("geheim"),
        "{shown}"
    );
}

/// Only the functions that a function names may call it.
#[tokio::test]
async fn other_callers_are_refused() {
    let (harness, _server, client) = host().await;
    for name in ["one", "two"] {
        deploy(&harness, name, test_guests::CALLER, |_| {})
            .await
            .unwrap();
    }
    deploy(&harness, "f", test_guests::PING, |of| {
        of.callers = Callers::Only(vec!["one".into()]);
    })
    .await
    .unwrap();
    assert_eq!(client.get("/one/call/f/").await.text(), "pong");
    for how in ["call", "send"] {
        let refused = client.get(&format!("/two/{how}/f/")).await;
        assert_eq!(refused.status, 502);
        assert!(refused.text().contains("NotAllowed"), "{}", refused.text());
        assert!(
            refused.text().contains("add it to the setting callers"),
            "{}",
            refused.text()
        );
    }
    // From outside it is public.
    assert_eq!(client.get("/f").await.text(), "pong");
}

/// A function reaches no server beyond its own list, even one that the host allows.
#[tokio::test]
async fn outbound_is_limited_to_the_functions_hosts() {
    let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let named = listening(builder()).await;
    deploy(&named.0, "ping", test_guests::PING, |_| {})
        .await
        .unwrap();
    let (named, other) = (named.1.address(), other.local_addr().unwrap());
    let (harness, _server, client) = listening(
        builder()
            .allow_host(named.to_string())
            .allow_host(other.to_string()),
    )
    .await;
    deploy(&harness, "f", test_guests::CALLS_OUT, |of| {
        of.allowed_hosts = Some(vec![named.to_string()]);
    })
    .await
    .unwrap();
    deploy(&harness, "none", test_guests::CALLS_OUT, |of| {
        of.allowed_hosts = Some(Vec::new());
    })
    .await
    .unwrap();
    let reached = client.get(&format!("/f?url=http://{named}/ping")).await;
    assert_eq!(reached.text(), "pong");
    for (name, server) in [("f", other), ("none", named)] {
        let denied = client
            .get(&format!("/{name}?url=http://{server}/ping"))
            .await;
        assert_eq!(denied.status, 403, "{name}: {denied:?}");
    }
}

/// The host's limit on bodies applies to functions without their own, whether they were there at its start or
/// are deployed later.
#[tokio::test]
async fn host_limits_bodies() {
    let limited = builder()
        .function("first", test_guests::MISBEHAVE)
        .max_body(1000);
    let (harness, _server, client) = listening(limited).await;
    deploy(&harness, "default", test_guests::MISBEHAVE, |_| {})
        .await
        .unwrap();
    deploy(&harness, "lower", test_guests::MISBEHAVE, |of| {
        of.max_body = Some(10);
    })
    .await
    .unwrap();
    for (name, max) in [("first", 1000), ("default", 1000), ("lower", 10)] {
        let path = format!("/{name}/length");
        assert_eq!(client.post(&path, vec![0; max]).await.status, 200, "{name}");
        let refused = client.post(&path, vec![0; max + 1]).await;
        assert_eq!(refused.status, 413, "{name}");
    }
}

/// A longer body is answered with 413, whether its length is declared or turns out as it is read; a
/// call's is an error.
#[tokio::test]
async fn longer_bodies_are_refused() {
    let (harness, _server, client) = host().await;
    deploy(&harness, "f", test_guests::MISBEHAVE, |of| {
        of.max_body = Some(1000);
    })
    .await
    .unwrap();
    deploy(&harness, "caller", test_guests::CALLER, |_| {})
        .await
        .unwrap();
    assert_eq!(client.post("/f/length", vec![0; 1000]).await.text(), "1000");
    let refused = client.post("/f/length", vec![0; 1001]).await;
    assert_eq!(refused.status, 413);
    assert_eq!(refused.problem("reason"), "body-too-long");
    for path in ["/f/length", "/f/collect", "/f/chunks", "/f/poll"] {
        let (sender, body) = pieces();
        let request = client.request(http::Method::POST, path).body(body).unwrap();
        let endless =
            tokio::spawn(async move { while sender.send(vec![0; 600].into()).await.is_ok() {} });
        let refused = client.send(request).await;
        assert_eq!(refused.status, 413, "{path}: {refused:?}");
        endless.abort();
    }
    assert_eq!(
        client
            .post("/caller/call/f/length", vec![0; 1000])
            .await
            .text(),
        "1000"
    );
    let refused = client.post("/caller/call/f/length", vec![0; 1001]).await;
    assert_eq!(refused.status, 502);
    assert!(
        refused.text().contains("longer than function"),
        "{}",
        refused.text()
    );
}
