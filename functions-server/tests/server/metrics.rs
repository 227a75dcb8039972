//! What `/metrics` counts.

use std::collections::BTreeMap;
use std::time::Duration;

use host_harness::{FunctionSettings, Ingress};
use http::Method;
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::metrics_text::Samples;
use crate::support::{Client, Running};

async fn samples(management: &Client) -> Samples {
    let answer = management.get("/metrics").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let media = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(answer.headers["content-type"], media);
    assert_eq!(answer.headers["cache-control"], "no-store");
    Samples::parse(answer.text())
}

/// Waits until a condition holds.
async fn wait(management: &Client, until: impl Fn(&Samples) -> bool) -> Samples {
    for _ in 0..3000 {
        let samples = samples(management).await;
        if until(&samples) {
            return samples;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never was so: {:?}", samples(management).await)
}

/// Sends bytes, and reads until the answer's head is there.
async fn raw(functions: &Client, bytes: &str) -> String {
    let address = functions.base().strip_prefix("http://").unwrap().to_owned();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = vec![0; 1024];
    let length = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

/// Every outcome counts once, with its status and reason.
#[tokio::test(flavor = "multi_thread")]
async fn outcomes_are_counted() {
    let running = Running::start().await;
    let (management, functions) = (running.management(), running.functions());
    management.deploy("f", test_guests::MISBEHAVE).await.ok(201);
    management.deploy("e", test_guests::ECHO).await.ok(201);
    management.deploy("s", test_guests::MISBEHAVE).await.ok(201);
    let short = json!({"timeout": "1s"});
    management
        .put("/v1/functions/s/settings", short)
        .await
        .ok(200);
    let settings = json!({"cpu_time": "200ms", "max_body": "1KiB", "memory": "16MiB"});
    management
        .put("/v1/functions/f/settings", settings)
        .await
        .ok(200);
    assert!(samples(&management).await.functions().is_empty());
    let none = samples(&management).await;
    assert_eq!(none.get("functions_deployed", &[]), Some(3.0));

    let (mut received, mut problem_length) = (0, 0);
    for (path, body, status) in [
        ("/f/collect", "hello", 200),
        ("/f/collect", "", 200),
        ("/f/status?304", "", 304),
        ("/f/status?404", "", 404),
        ("/f/status?503", "", 503),
        ("/f/panic", "", 500),
        ("/f/exit", "", 500),
        ("/f/loop", "", 504),
        ("/s/sleep", "", 504),
        ("/f/grow", "", 500),
        ("/f/streamed", "", 500),
        ("/f/collect", &"x".repeat(2000), 413),
        ("/g", "", 404),
    ] {
        let answer = functions
            .send(Method::POST, path, "", body.to_owned())
            .await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        if path == "/s/sleep" {
            problem_length = answer.body.len();
        }
        received += if status == 200 { body.len() } else { 0 };
    }
    let invalid = raw(&functions, "GET /f/print HTTP/1.1\r\nhost: a b\r\n\r\n").await;
    assert!(invalid.starts_with("HTTP/1.1 400"), "{invalid}");
    let cut = functions.stream("/f/stream-then/panic").await;
    assert!(cut.collect().await.is_err());
    let head = "POST /f/collect HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let read = raw(&functions, &format!("{head}zz\r\n")).await;
    let empty = format!("{}0\r\n\r\n", head.replace("/f/collect", "/e"));
    let passed_on = raw(&functions, &empty).await;
    assert!(passed_on.starts_with("HTTP/1.1 200"), "{passed_on}");
    let malformed = format!("{}zz\r\n", head.replace("/f/collect", "/e"));
    let malformed = raw(&functions, &malformed).await;
    assert!(malformed.starts_with("HTTP/1.1 400"), "{malformed}");

    let now = samples(&management).await;
    // The function reads the malformed body, and says so itself.
    assert!(read.starts_with("HTTP/1.1 200"), "{read}");
    let expected = BTreeMap::from([
        (("2xx", "answered"), 4.0),
        (("3xx", "answered"), 1.0),
        (("4xx", "answered"), 1.0),
        (("5xx", "answered"), 1.0),
        (("5xx", "trap"), 2.0),
        (("5xx", "cpu-limit"), 1.0),
        (("5xx", "memory-limit"), 1.0),
        (("5xx", "invalid-reply"), 1.0),
        (("4xx", "body-too-long"), 1.0),
    ]);
    assert_eq!(now.invocations("f"), expected);
    let of_echo = BTreeMap::from([
        (("2xx", "answered"), 1.0),
        (("4xx", "invalid-request"), 1.0),
    ]);
    assert_eq!(now.invocations("e"), of_echo);
    let asleep = BTreeMap::from([(("5xx", "timeout"), 1.0)]);
    assert_eq!(now.invocations("s"), asleep);
    let waited = now.of("s", "functions_queueing_seconds_sum");
    let slept = now.of("s", "functions_run_seconds_sum");
    assert!(waited + slept >= 1.0, "{waited} and {slept}");
    let cut = [("function", "f"), ("reason", "trap")];
    assert_eq!(now.get("functions_cut_streams_total", &cut), Some(1.0));
    assert_eq!(now.of("f", "functions_traps_total"), 3.0);
    assert_eq!(
        now.of("f", "functions_received_bytes_total"),
        received as f64
    );
    // All but the one that was refused.
    let started = expected.values().sum::<f64>() - 1.0;
    assert_eq!(now.of("f", "functions_run_seconds_count"), started);
    assert_eq!(now.of("f", "functions_queueing_seconds_count"), started);
    let created = now.of("f", "functions_instances_created_total");
    let reused = now.of("f", "functions_instances_reused_total");
    assert_eq!(created, now.of("f", "functions_startup_seconds_count"));
    assert_eq!(created + reused, started);
    let ran = now.of("f", "functions_run_seconds_sum");
    // One of them computed for this long.
    assert!(ran >= 0.2, "{ran}");
    let sent = now.of("s", "functions_sent_bytes_total");
    assert_eq!(sent, problem_length as f64);
    assert_eq!(
        now.get("functions_unknown_function_requests_total", &[]),
        Some(1.0)
    );
    assert_eq!(now.get("functions_invalid_requests_total", &[]), Some(1.0));
    assert_eq!(now.get("functions_loaded", &[]), Some(3.0));
    running.stop().await;
}

/// What keeps a request from a function counts too, and so do calls.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_and_calls_are_counted() {
    let running = Running::start().await;
    let (management, functions) = (running.management(), running.functions());
    for (name, file, settings) in [
        ("hidden", test_guests::PING, json!({"ingress": "private"})),
        (
            "busy",
            test_guests::MISBEHAVE,
            json!({"concurrency": 1, "queue": 1}),
        ),
        ("alone", test_guests::PING, json!({"callers": []})),
        ("caller", test_guests::CALLER, json!({})),
    ] {
        management.deploy(name, file).await.ok(201);
        management
            .put(&format!("/v1/functions/{name}/settings"), settings)
            .await
            .ok(200);
    }
    let broken = std::path::PathBuf::from("/nowhere/none.wasm");
    let harness = running.server.harness();
    harness
        .register("broken", broken, Default::default())
        .unwrap();

    functions.get("/hidden").await.problem(404);
    functions.get("/broken").await.problem(503);
    for (path, status) in [
        ("call/hidden", 200),
        ("call/alone", 502),
        ("call/caller/call/caller/call/hidden", 502),
    ] {
        let answer = functions.get(&format!("/caller/{path}")).await;
        assert_eq!(answer.status, status, "{path}");
    }
    // One runs, one waits, the third is refused. Then both clients leave.
    let first = {
        let functions = functions.clone();
        tokio::spawn(async move { functions.get("/busy/sleep").await })
    };
    wait(&management, |now| {
        now.of("busy", "functions_running_invocations") == 1.0
    })
    .await;
    let second = {
        let functions = functions.clone();
        tokio::spawn(async move { functions.get("/busy/print").await })
    };
    wait(&management, |now| {
        now.of("busy", "functions_waiting_requests") == 1.0
    })
    .await;
    functions.get("/busy/print").await.problem(429);
    first.abort();
    assert_eq!(second.await.unwrap().status, 200);

    let left = |now: &Samples| now.invocations("busy").contains_key(&("none", "cancelled"));
    let now = wait(&management, left).await;
    let of = |name| now.invocations(name);
    assert_eq!(
        of("hidden"),
        BTreeMap::from([(("4xx", "private"), 1.0), (("2xx", "answered"), 1.0)])
    );
    assert_eq!(of("broken"), BTreeMap::from([(("5xx", "not-loaded"), 1.0)]));
    assert_eq!(of("alone"), BTreeMap::from([(("4xx", "not-allowed"), 1.0)]));
    let deep = BTreeMap::from([
        (("2xx", "answered"), 1.0),
        (("5xx", "answered"), 3.0),
        (("5xx", "depth-exceeded"), 1.0),
    ]);
    assert_eq!(of("caller"), deep);
    let busy = BTreeMap::from([
        (("2xx", "answered"), 1.0),
        (("4xx", "overloaded"), 1.0),
        (("none", "cancelled"), 1.0),
    ]);
    assert_eq!(of("busy"), busy);
    for queue in ["requests", "calls"] {
        let length = now.get("functions_queue_length", &[("queue", queue)]);
        assert_eq!(length, Some(0.0));
    }
    running.stop().await;
}

/// A redeploy goes on counting; a deleted function is gone, and starts anew.
#[tokio::test(flavor = "multi_thread")]
async fn counters_belong_to_the_name() {
    let running = Running::start().await;
    let (management, functions) = (running.management(), running.functions());
    management.deploy("f", test_guests::PING).await.ok(201);
    let mut before = samples(&management).await;
    let commits = before.get("functions_store_commits_total", &[]).unwrap();
    for (round, file) in [
        test_guests::GREET,
        test_guests::PING,
        test_guests::MISBEHAVE,
    ]
    .into_iter()
    .enumerate()
    {
        functions.get("/f/status?200").await;
        management.deploy("f", file).await.ok(200);
        let now = samples(&management).await;
        now.check_follows(&before);
        let total: f64 = now.invocations("f").values().sum();
        assert_eq!(total, (round + 1) as f64);
        before = now;
    }
    let now = before.get("functions_store_commits_total", &[]).unwrap();
    assert!(now >= commits + 3.0, "{commits} and then {now}");

    management.delete("/v1/functions/f").await.ok(204);
    assert!(samples(&management).await.functions().is_empty());
    management.deploy("f", test_guests::PING).await.ok(201);
    functions.get("/f").await;
    let now = samples(&management).await;
    assert_eq!(
        now.invocations("f"),
        BTreeMap::from([(("2xx", "answered"), 1.0)])
    );
    running.stop().await;
}

/// A token needs `read`; one for some functions sees only these, and nothing of the server.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_limit_what_is_seen() {
    let running = Running::start().await;
    let (open, functions) = (running.management(), running.functions());
    for name in ["a", "b"] {
        open.deploy(name, test_guests::PING).await.ok(201);
        functions.get(&format!("/{name}")).await;
    }
    let mut creator = open.clone();
    let mut clients = Vec::new();
    for token in [
        json!({"name": "root", "scopes": ["admin"]}),
        json!({"name": "deployer", "scopes": ["deploy"]}),
        json!({"name": "all", "scopes": ["read"]}),
        json!({"name": "some", "scopes": ["read"], "functions": ["a", "other"]}),
    ] {
        let created = creator.post("/v1/tokens", token).await.ok(201);
        let client = open.token(created["token"].as_str().unwrap());
        if clients.is_empty() {
            creator = client.clone();
        }
        clients.push(client);
    }
    let [root, deployer, all, some] = &clients[..] else {
        panic!("four tokens")
    };
    let locked = json!({"ingress": "token"});
    root.put("/v1/functions/a/settings", locked).await.ok(200);
    functions.get("/a").await.problem(401);
    functions.token("fnt_invented").get("/a").await.problem(401);
    let invoker = json!({"name": "b", "scopes": ["invoke"], "functions": ["b"]});
    let invoker = root.post("/v1/tokens", invoker).await.ok(201);
    let invoker = functions.token(invoker["token"].as_str().unwrap());
    invoker.get("/a").await.problem(403);
    let now = samples(root).await;
    let expected = BTreeMap::from([
        (("2xx", "answered"), 1.0),
        (("4xx", "no-valid-token"), 2.0),
        (("4xx", "token-not-allowed"), 1.0),
    ]);
    assert_eq!(now.invocations("a"), expected);

    open.get("/metrics").await.problem(401);
    assert!(deployer.get("/metrics").await.problem(403).contains("read"));
    for client in [root, all] {
        let samples = samples(client).await;
        assert_eq!(samples.functions(), ["a", "b"].into());
        assert_eq!(samples.get("functions_deployed", &[]), Some(2.0));
    }
    let samples = samples(some).await;
    assert_eq!(samples.functions(), ["a"].into());
    assert_eq!(samples.get("functions_deployed", &[]), None);
    running.stop().await;
}

/// The first thousand functions that are invoked have counts of their own, and all others one.
#[tokio::test(flavor = "multi_thread")]
async fn functions_beyond_a_thousand_share_counts() {
    let running = Running::start().await;
    let (management, functions) = (running.management(), running.functions());
    let harness = running.server.harness();
    let register = |name: &str| {
        let mut settings = FunctionSettings::default();
        // A refused request counts, and loads nothing.
        settings.ingress = Ingress::Private;
        harness
            .register(name, "none.wasm".into(), settings)
            .unwrap();
    };
    for number in 0..1100 {
        register(&format!("f{number}"));
    }
    for number in 0..1050 {
        functions.get(&format!("/f{number}")).await.problem(404);
    }
    let private = |count| BTreeMap::from([(("4xx", "private"), count)]);
    let before = samples(&management).await;
    assert_eq!(before.functions().len(), 1001);
    assert_eq!(before.get("functions_deployed", &[]), Some(1100.0));
    assert_eq!(before.invocations("f999"), private(1.0));
    assert_eq!(before.invocations("f1000"), BTreeMap::new());
    assert_eq!(before.invocations("_other"), private(50.0));
    assert!(before.len() < 80_000, "{}", before.len());

    // One that is deleted makes room for one that was not invoked yet.
    for name in ["f0", "f1000"] {
        assert!(harness.remove(name));
    }
    // Others stay where they are.
    for name in ["f1001", "f1060", "f1061"] {
        functions.get(&format!("/{name}")).await.problem(404);
    }
    let now = samples(&management).await;
    assert_eq!(now.invocations("_other"), private(52.0));
    assert_eq!(now.invocations("f1060"), private(1.0));
    assert_eq!(now.functions().len(), 1001);
    running.stop().await;
}
