//! Serverledge's clients, as their bytes were captured.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use functions_server::ServerledgeOptions;
use http::Method;
use serde_json::{Value, json};
use test_guests::{GREET, MISBEHAVE, PING, USES_STD};

use super::support::{Answer, Client, Running};

/// A TAR with files, as the client makes it.
pub(crate) fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn read(file: &str) -> Vec<u8> {
    std::fs::read(file).unwrap()
}

/// The body of `serverledge-cli create`, byte by byte.
pub(crate) fn definition(name: &str, runtime: &str, memory: i64, code: &[u8]) -> String {
    let code = STANDARD.encode(code);
    format!(
        r#"{{"Name":"{name}","Runtime":"{runtime}","MemoryMB":{memory},"CPUDemand":0,"MaxConcurrency":1,"Handler":"","TarFunctionCode":"{code}","CustomImage":"","SupportedArchs":null,"Signature":{{"Inputs":[],"Outputs":[]}}}}"#
    )
}

/// The body of `serverledge-cli invoke`.
fn invocation(params: &str) -> String {
    format!(
        r#"{{"Params":{params},"QoSClass":0,"QoSMaxRespT":-1,"CanDoOffloading":true,"Async":false,"ReturnOutput":false}}"#
    )
}

/// The body of `serverledge-cli delete`.
pub(crate) fn deletion(name: &str) -> String {
    format!(
        r#"{{"Name":"{name}","Runtime":"","MemoryMB":0,"CPUDemand":0,"MaxConcurrency":0,"Handler":"","TarFunctionCode":"","CustomImage":"","SupportedArchs":null,"Signature":null}}"#
    )
}

/// What the client sends has no type of its own choice.
pub(crate) async fn post(client: &Client, path: &str, body: impl Into<bytes::Bytes>) -> Answer {
    client
        .send(Method::POST, path, "application/json", body)
        .await
}

pub(crate) async fn create(client: &Client, name: &str, file: &str) -> Answer {
    let code = tar(&[("m.wasm", &read(file))]);
    post(client, "/create", definition(name, "wasi", 128, &code)).await
}

#[track_caller]
pub(crate) fn assert_text(answer: &Answer, status: u16, text: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.headers["content-type"], "text/plain; charset=UTF-8");
    assert_eq!(answer.text(), text);
}

#[track_caller]
fn assert_json(answer: &Answer, status: u16, text: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let media = &answer.headers["content-type"];
    assert_eq!(media, "application/json; charset=UTF-8");
    assert_eq!(answer.text(), text);
}

/// A function is created from every form of code that the client sends, invoked, listed and deleted.
#[tokio::test]
async fn functions_live_as_upstream() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    assert_json(&client.get("/function").await, 200, "[]\n");
    let greet = read(GREET);
    for (name, code) in [
        ("in-tar", tar(&[("m.wasm", &greet)])),
        ("without-dots", tar(&[("mwasm", &greet)])),
        ("in-folder", tar(&[("dir", b"print()"), ("dir", &greet)])),
        ("raw", greet.clone()),
    ] {
        let created = post(&client, "/create", definition(name, "wasi", 128, &code)).await;
        assert_json(&created, 200, &format!("{{\"Created\":\"{name}\"}}\n"));
        let path = format!("/invoke/{name}");
        let answer = post(&client, &path, invocation(r#"{"name":"Ada"}"#)).await;
        let report = answer.ok(200);
        assert_eq!(
            answer.headers["content-type"],
            "application/json; charset=UTF-8"
        );
        assert_eq!(report["Success"], true);
        let result: Value = serde_json::from_str(report["Result"].as_str().unwrap()).unwrap();
        assert_eq!(result, json!({"message": "Hello, Ada!"}));
        assert!(answer.headers.contains_key("serverledge-node-name"));
        assert_eq!(answer.headers["serverledge-free-mem"], "1024");
    }
    let names = "[\"in-folder\",\"in-tar\",\"raw\",\"without-dots\"]\n";
    assert_json(&client.get("/function").await, 200, names);
    assert_json(&client.get("/functions").await, 200, names);
    for name in ["in-folder", "in-tar", "without-dots"] {
        let deleted = post(&client, "/delete", deletion(name)).await;
        assert_json(&deleted, 200, &format!("{{\"Deleted\":\"{name}\"}}\n"));
    }
    let gone = post(&client, "/invoke/in-tar", invocation("{}")).await;
    assert_text(&gone, 404, "Function unknown");
    // They are functions like any other.
    let direct = running
        .functions()
        .post("/raw", json!({"name": "Bob"}))
        .await;
    assert_eq!(direct.ok(200), json!({"message": "Hello, Bob!"}));
    let function = running.management().get("/v1/functions/raw").await.ok(200);
    assert_eq!(function["settings"]["memory"], "128MiB");
    assert_eq!(function["settings"]["retries"], 0);
    running.management().deploy("other", PING).await.ok(201);
    let report = post(&client, "/invoke/other", "").await.ok(200);
    assert_eq!(report["Result"], "pong");
}

/// A report has all keys of the page and of upstream's code, and its times are measured.
#[tokio::test]
async fn reports_are_measured() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    create(&client, "greet", GREET).await.ok(200);
    for is_warm in [false, true, true] {
        let answer = post(&client, "/invoke/greet", invocation(r#"{"name":"x"}"#)).await;
        let report = answer.ok(200);
        let keys: Vec<_> = report
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            keys,
            [
                "Duration",
                "ExecutionArea",
                "ExecutionNode",
                "InitTime",
                "IsWarmStart",
                "OffloadLatency",
                "Output",
                "QueueingTime",
                "ResponseTime",
                "Result",
                "SchedAction",
                "Success"
            ]
        );
        assert_eq!(report["IsWarmStart"], is_warm);
        assert_eq!(report["SchedAction"], "");
        let time = |key: &str| report[key].as_f64().unwrap();
        assert!(time("InitTime") > 0.0 && time("Duration") > 0.0, "{report}");
        let sum = time("InitTime") + time("Duration");
        assert!((time("ResponseTime") - sum).abs() < 1e-6, "{report}");
        assert!(time("ResponseTime") < 30.0, "{report}");
    }
    let status = client.get("/status").await.ok(200);
    assert_eq!(status["AvailableWarmContainers"], json!({"greet": 1}));
    assert_eq!(status["FreeMemory"], 1024 - 128);
    for key in ["AvailableMemory", "TotalMemory", "AvailableMemMB"] {
        assert_eq!(status[key], 1024, "{key}");
    }
    for key in [
        "TotalCPU",
        "UsedCPU",
        "Coordinates",
        "LoadAvg",
        "LastUpdateTime",
        "Url",
    ] {
        assert!(!status[key].is_null(), "{key}");
    }
}

/// What cannot be created is refused in the order of upstream's checks, with its statuses.
#[tokio::test]
async fn invalid_functions_are_refused() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    create(&client, "taken", PING).await.ok(200);
    let ping = read(PING);
    for runtime in ["python310", "nodejs17", "custom", "", "python38"] {
        let refused = post(&client, "/create", definition("f", runtime, 128, &ping)).await;
        assert_text(&refused, 404, "Invalid runtime.");
    }
    let taken = post(&client, "/create", definition("taken", "python310", 0, b"")).await;
    assert_text(&taken, 409, "");
    for memory in [0, -1] {
        let refused = post(&client, "/create", definition("f", "wasi", memory, &ping)).await;
        assert_text(&refused, 422, "Invalid memory limit");
    }
    for (body, says) in [
        (definition("", "wasi", 128, &ping), "invalid function name"),
        (
            definition("a b", "wasi", 128, &ping),
            "invalid function name",
        ),
        (definition("f", "wasi", 1025, &ping), "--serverledge-memory"),
        (
            definition("f", "wasi", 128, b"print()"),
            "neither a WebAssembly binary nor a TAR",
        ),
        (definition("f", "wasi", 128, b"\0asm junk"), "component"),
        (
            definition("f", "wasi", 128, b"http://127.0.0.1:9/x.tar"),
            "URL",
        ),
        (definition("f", "wasi", 128, b""), "no WebAssembly binary"),
    ] {
        let refused = post(&client, "/create", body).await;
        assert_eq!(refused.status, 422, "{}", refused.text());
        assert!(refused.text().contains(says), "{}", refused.text());
    }
    for body in [
        "{",
        "[]",
        r#"{"Name":1}"#,
        r#"{"MemoryMB":"128"}"#,
        r#"{"MemoryMB":128.5}"#,
        r#"{"MaxConcurrency":70000}"#,
    ] {
        let refused = post(&client, "/create", body).await;
        assert_json(&refused, 400, "{\"message\":\"Bad Request\"}\n");
    }
    for body in [deletion("f"), String::new(), r#"{"name":"a b"}"#.to_owned()] {
        let unknown = post(&client, "/delete", body).await;
        assert_text(&unknown, 404, "Unknown function");
    }
    let unknown = post(&client, "/invoke/f", "not JSON").await;
    assert_text(&unknown, 404, "Function unknown");
    let invalid = post(&client, "/invoke/taken", r#"{"Params":[]}"#).await;
    assert_json(&invalid, 400, "{\"message\":\"Bad Request\"}\n");
    let unknown = client.get("/nowhere").await;
    assert_json(&unknown, 404, "{\"message\":\"Not Found\"}\n");
    let other = client.get("/create").await;
    assert_json(&other, 405, "{\"message\":\"Method Not Allowed\"}\n");
    assert_json(&client.get("/function").await, 200, "[\"taken\"]\n");
}

/// Prewarming adds to the warm instances, evicts only those of others, and stops when there is no room.
#[tokio::test]
async fn prewarming_adds_warm_instances() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    create(&client, "greet", GREET).await.ok(200);
    create(&client, "ping", PING).await.ok(200);
    let prewarm = |name: &str, instances: i64| {
        let body =
            format!(r#"{{"Function":"{name}","Instances":{instances},"ForceImagePull":false}}"#);
        let client = client.clone();
        async move { post(&client, "/prewarm", body).await }
    };
    for (name, instances, made) in [
        ("greet", 0, 0),
        ("greet", -1, 0),
        ("greet", 2, 2),
        ("greet", 2, 2),
        // The node has room for eight.
        ("ping", 5, 5),
        ("ping", 9, 3),
    ] {
        let answer = prewarm(name, instances).await;
        assert_json(&answer, 200, &format!("{{\"Prewarmed\":{made}}}\n"));
    }
    let status = client.get("/status").await.ok(200);
    assert_eq!(
        status["AvailableWarmContainers"],
        json!({"greet": 0, "ping": 8})
    );
    assert_eq!(status["FreeMemory"], 0);
    assert_eq!(status["AvailableMemory"], 1024);
    let warm = post(&client, "/invoke/ping", "").await.ok(200);
    assert_eq!(warm["IsWarmStart"], true);
    let evicting = post(&client, "/invoke/greet", invocation(r#"{"name":"x"}"#)).await;
    assert_eq!(evicting.ok(200)["IsWarmStart"], false);
    assert_text(&prewarm("other", 1).await, 404, "Function unknown");
}

/// An asynchronous invocation is accepted at once, and polled until it has a result.
#[tokio::test(flavor = "multi_thread")]
async fn asynchronous_invocations_are_polled() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    create(&client, "greet", GREET).await.ok(200);
    let body = invocation(r#"{"name":"Ada"}"#).replace("\"Async\":false", "\"Async\":true");
    let answer = post(&client, "/invoke/greet", body).await;
    let accepted = answer.ok(200);
    let keys: Vec<_> = accepted.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["ReqId"]);
    let id = accepted["ReqId"].as_str().unwrap();
    let digits = id.strip_prefix("greet-").unwrap();
    assert!(
        digits.len() == 14 && digits.bytes().all(|digit| digit.is_ascii_digit()),
        "{id}"
    );
    let report = polled(&client, id).await;
    assert_eq!(report["Success"], true);
    assert_eq!(report["Result"], r#"{"message":"Hello, Ada!"}"#);
    assert_eq!(report["IsWarmStart"], false);
    let time = |key: &str| report[key].as_f64().unwrap();
    assert!(
        time("ResponseTime") >= time("Duration") && time("Duration") > 0.0,
        "{report}"
    );
    // A failure is a success of the poll, with zero fields.
    let body = r#"{"Params":{},"Async":true}"#;
    let failed = post(&client, "/invoke/greet", body).await.ok(200);
    let report = polled(&client, failed["ReqId"].as_str().unwrap()).await;
    assert_eq!(report["Success"], false);
    assert_eq!(
        (&report["Result"], &report["ResponseTime"]),
        (&json!(""), &json!(0.0))
    );
    assert_text(&client.get("/poll/greet-98330239242748").await, 404, "");
    let unknown = post(&client, "/invoke/other", body).await;
    assert_text(&unknown, 404, "Function unknown");
    // Other APIs do not know the id.
    running
        .functions()
        .get(&format!("/-/invocations/{id}"))
        .await
        .problem(404);
}

pub(crate) async fn polled(client: &Client, id: &str) -> Value {
    for _ in 0..2000 {
        let answer = client.get(&format!("/poll/{id}")).await;
        if answer.status == 200 {
            assert!(!answer.text().ends_with('\n'));
            return answer.json();
        }
        assert_text(&answer, 404, "");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("{id} never ends");
}

/// A full queue refuses asynchronous invocations, and says when to come again.
#[tokio::test(flavor = "multi_thread")]
async fn full_queue_refuses_asynchronous_invocations() {
    let options = functions_server::ServerOptions::default().queue_capacity(0);
    let running = Running::with(super::support::builder(), options).await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    create(&client, "ping", PING).await.ok(200);
    let full = post(&client, "/invoke/ping", r#"{"Async":true}"#).await;
    assert_text(&full, 429, "");
    assert_eq!(full.headers["retry-after"], "1");
    post(&client, "/invoke/ping", "").await.ok(200);
}

/// With `ReturnOutput`, a report has what the function printed: standard output, and then standard error.
#[tokio::test(flavor = "multi_thread")]
async fn output_is_returned() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    create(&client, "uses-std", USES_STD).await.ok(200);
    let wanted = r#"{"ReturnOutput":true}"#;
    let report = post(&client, "/invoke/uses-std", wanted).await;
    let report = report.ok(200);
    let output = report["Output"].as_str().unwrap();
    assert_eq!(output, "to stdout\nin pieces\n\nto stderr\n");
    let silent = post(&client, "/invoke/uses-std", "").await.ok(200);
    assert_eq!(silent["Output"], "");
    let wanted = r#"{"ReturnOutput":true,"Async":true}"#;
    let accepted = post(&client, "/invoke/uses-std", wanted).await.ok(200);
    let polled = polled(&client, accepted["ReqId"].as_str().unwrap()).await;
    assert_eq!(polled["Output"], output);
}

/// Parameters reach the function however deep they nest, up to Go's limit, and are refused beyond it.
#[tokio::test(flavor = "multi_thread")]
async fn deep_parameters_are_passed_on() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    create(&client, "echo", test_guests::ECHO).await.ok(200);
    // The body and the object are two levels.
    let params = |levels: usize| {
        let (open, close) = ("[".repeat(levels - 2), "]".repeat(levels - 2));
        format!(r#"{{"a":{open}{close}}}"#)
    };
    for levels in [100, 5000, 10_000] {
        let body = format!(r#"{{"Params":{}}}"#, params(levels));
        let report = post(&client, "/invoke/echo", body).await.ok(200);
        assert_eq!(report["Result"], params(levels), "{levels}");
    }
    let body = format!(r#"{{"Params":{},"Async":true}}"#, params(10_000));
    let accepted = post(&client, "/invoke/echo", body).await.ok(200);
    let polled = polled(&client, accepted["ReqId"].as_str().unwrap()).await;
    assert_eq!(polled["Result"], params(10_000));
    let body = format!(r#"{{"Params":{}}}"#, params(10_001));
    assert_eq!(post(&client, "/invoke/echo", body).await.status, 400);
}

/// Runs are counted under upstream's names.
#[tokio::test(flavor = "multi_thread")]
async fn runs_are_counted() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    create(&client, "ping", PING).await.ok(200);
    for _ in 0..3 {
        post(&client, "/invoke/ping", "").await.ok(200);
    }
    let metrics = client.get("/metrics").await;
    let text = metrics.text();
    for line in [
        "# TYPE completed_count counter",
        "completed_count{area=\"ROME\",function=\"ping\"} 3",
        "cold_starts_count{area=\"ROME\",function=\"ping\"} 1",
        "execution_time_bucket{function=\"ping\",le=\"+Inf\"} 3",
        "execution_time_count{function=\"ping\"} 3",
        "init_time_count{function=\"ping\"} 1",
        "output_size_sum{function=\"ping\"} 12",
        "dropped_count 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert!(
        metrics.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    // Prometheus asks so.
    let accept =
        "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    let metrics = client.header("accept", accept).get("/metrics").await;
    let media = metrics.headers["content-type"].to_str().unwrap();
    assert_eq!(
        media,
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let text = metrics.text();
    for line in [
        "# TYPE completed_count counter",
        "completed_count_total{area=\"ROME\",function=\"ping\"} 3",
        "dropped_count_total 0",
        "output_size_bucket{function=\"ping\",le=\"5.0\"} 3",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert!(text.ends_with("\n# EOF\n"), "{text}");
}

/// An update replaces the code, and drops the warm instances of the old.
#[tokio::test(flavor = "multi_thread")]
async fn updates_replace_the_code() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    let update = |file: &str| definition("f", "wasi", 64, &read(file));
    let created = post(&client, "/update", update(PING)).await;
    assert_json(&created, 200, "{\"Created\":\"f\"}\n");
    let first = post(&client, "/invoke/f", "").await.ok(200);
    assert_eq!(
        (&first["Result"], &first["IsWarmStart"]),
        (&json!("pong"), &json!(false))
    );
    post(&client, "/update", update(GREET)).await.ok(200);
    let body = invocation(r#"{"name":"Ada"}"#);
    let second = post(&client, "/invoke/f", body).await.ok(200);
    assert_eq!(second["IsWarmStart"], false);
    assert_eq!(second["Result"], r#"{"message":"Hello, Ada!"}"#);
    let function = running.management().get("/v1/functions/f").await.ok(200);
    assert_eq!(function["version"], 2);
}

/// Changes of other APIs drop the warm instances too: those of the old version are of no use.
#[tokio::test(flavor = "multi_thread")]
async fn changes_elsewhere_drop_warm_instances() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    let management = running.management();
    let warm = async |count: u64| {
        let status = client.get("/status").await.ok(200);
        assert_eq!(status["AvailableWarmContainers"]["f"], count, "{status}");
        assert_eq!(status["FreeMemory"], 1024 - 128 * count, "{status}");
    };
    let run = async || post(&client, "/invoke/f", "").await.ok(200);
    create(&client, "f", PING).await.ok(200);
    run().await;
    warm(1).await;
    let settings = json!({"timeout": "20s"});
    management
        .patch("/v1/functions/f/settings", settings)
        .await
        .ok(200);
    warm(0).await;
    run().await;
    warm(1).await;
    management.deploy("f", USES_STD).await.ok(200);
    warm(0).await;
    run().await;
    let rollback = json!({"version": 1});
    management
        .post("/v1/functions/f/rollback", rollback)
        .await
        .ok(200);
    warm(0).await;
    run().await;
    warm(1).await;
    management.delete("/v1/functions/f").await;
    warm(0).await;
    // Its numbers of versions begin again.
    create(&client, "f", PING).await.ok(200);
    assert_eq!(run().await["IsWarmStart"], false);
}

/// A function that counts for a part of a processor gets no more than that.
#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_processor_are_caps() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    for (name, cpus) in [("half", "0.1"), ("whole", "0")] {
        let body = definition(name, "wasi", 64, &read(MISBEHAVE));
        let body = body.replace("\"CPUDemand\":0", &format!("\"CPUDemand\":{cpus}"));
        post(&client, "/create", body).await.ok(200);
        let path = format!("/v1/functions/{name}/settings");
        running
            .management()
            .patch(&path, json!({"cpu_time": "100ms"}))
            .await
            .ok(200);
    }
    let time = |name: &'static str| {
        let functions = running.functions();
        async move {
            let begun = std::time::Instant::now();
            functions.get(&format!("/{name}/loop")).await.problem(504);
            begun.elapsed()
        }
    };
    // A tenth of a processor takes ten times as long; a busy machine can only make that longer.
    let half = time("half").await;
    assert!(half > std::time::Duration::from_millis(700), "{half:?}");
}

/// A node without room refuses at once, and asynchronous invocations wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_without_room_refuse() {
    let running = Running::start().await;
    let options = ServerledgeOptions::default().memory_mb(128).cpus(1.0);
    let client = running.serverledge(options).await;
    create(&client, "slow", MISBEHAVE).await.ok(200);
    create(&client, "greet", GREET).await.ok(200);
    // As a function of another API, whose memory is the host's.
    running.management().deploy("large", PING).await.ok(201);
    let definition =
        definition("cpus", "wasi", 16, &read(PING)).replace("\"CPUDemand\":0", "\"CPUDemand\":1.5");
    let refused = post(&client, "/create", definition).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text().contains("--serverledge-cpus"),
        "{}",
        refused.text()
    );
    let management = running.management();
    management.deploy("cpus", PING).await.ok(201);
    let settings = json!({"cpus": 1.5, "memory": "16MiB"});
    management
        .patch("/v1/functions/cpus/settings", settings)
        .await
        .ok(200);
    let refused = post(&client, "/invoke/cpus", "").await;
    assert_text(&refused, 429, "");
    let accepted = post(&client, "/invoke/cpus", r#"{"Async":true}"#)
        .await
        .ok(200);
    let never = polled(&client, accepted["ReqId"].as_str().unwrap()).await;
    assert_eq!(never["Success"], false);
    let status = client.get("/status").await.ok(200);
    assert_eq!(status["DropCount"], 1);
    assert_eq!(
        post(&client, "/invoke/greet", invocation(r#"{"name":"x"}"#))
            .await
            .status,
        200
    );
}

/// A function that fails, or answers with an error, is a 500 with the reason.
#[tokio::test]
async fn failures_are_reported() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    create(&client, "greet", GREET).await.ok(200);
    let invalid = post(&client, "/invoke/greet", invocation(r#"{"other":1}"#)).await;
    assert_eq!(invalid.status, 500);
    assert!(
        invalid.text().contains("answered with status 4"),
        "{}",
        invalid.text()
    );
    // It has not failed, and stays warm.
    let warm = post(&client, "/invoke/greet", invocation(r#"{"name":"Ada"}"#)).await;
    assert_eq!(warm.ok(200)["IsWarmStart"], true);
}

/// Web pages, and names that somebody made resolve to this host, cannot use the API.
#[tokio::test]
async fn web_pages_are_refused() {
    let running = Running::start().await;
    let options = ServerledgeOptions::default().host("edge.example.com");
    let client = running.serverledge(options).await;
    client
        .header("host", "edge.example.com")
        .get("/function")
        .await
        .ok(200);
    let foreign = client.header("host", "evil.example").get("/function").await;
    assert_eq!(foreign.status, 421);
    let page = client.header("origin", "http://evil.example");
    let refused = post(&page, "/create", definition("f", "wasi", 128, &read(PING))).await;
    assert_eq!(refused.status, 403);
    assert_json(&client.get("/function").await, 200, "[]\n");
}

/// Private functions do not exist for these clients, and others may need a token.
#[tokio::test]
async fn ingress_is_respected() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    let management = running.management();
    let admin = json!({"name": "admin", "scopes": ["admin"]});
    let admin = management.post("/v1/tokens", admin).await.ok(201);
    let admin = management.token(admin["token"].as_str().unwrap());
    admin.deploy("hidden", PING).await.ok(201);
    admin.deploy("guarded", PING).await.ok(201);
    for (name, ingress) in [("hidden", "private"), ("guarded", "token")] {
        let path = format!("/v1/functions/{name}/settings");
        admin
            .patch(&path, json!({"ingress": ingress}))
            .await
            .ok(200);
    }
    let hidden = post(&client, "/invoke/hidden", "").await;
    assert_text(&hidden, 404, "Function unknown");
    assert_json(&client.get("/function").await, 200, "[\"guarded\"]\n");
    assert_eq!(post(&client, "/invoke/guarded", "").await.status, 401);
    // Nor can they be changed.
    let prewarm = |name: &str| format!(r#"{{"Function":"{name}","Instances":1}}"#);
    let update = |name: &str| definition(name, "wasi", 16, &read(PING));
    let hidden = post(&client, "/prewarm", prewarm("hidden")).await;
    assert_text(&hidden, 404, "Function unknown");
    for (path, body) in [
        ("/delete", deletion("hidden")),
        ("/update", update("hidden")),
    ] {
        assert_text(&post(&client, path, body).await, 404, "Unknown function");
    }
    let taken = post(&client, "/create", update("hidden")).await;
    assert_text(&taken, 409, "");
    for (path, body) in [
        ("/delete", deletion("guarded")),
        ("/update", update("guarded")),
        ("/prewarm", prewarm("guarded")),
    ] {
        assert_eq!(post(&client, path, body).await.status, 401, "{path}");
    }
    let token = json!({"name": "caller", "scopes": ["invoke"]});
    let token = admin.post("/v1/tokens", token).await.ok(201);
    let caller = client.token(token["token"].as_str().unwrap());
    let report = post(&caller, "/invoke/guarded", "").await.ok(200);
    assert_eq!(report["Result"], "pong");
    post(&caller, "/prewarm", prewarm("guarded")).await.ok(200);
    post(&caller, "/delete", deletion("guarded")).await.ok(200);
}
