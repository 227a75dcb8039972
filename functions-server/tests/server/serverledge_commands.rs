//! Commands and core modules of Serverledge's clients, and code that is fetched.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use functions_server::ServerledgeOptions;
use serde_json::{Value, json};
use test_guests::{COMMAND, PING};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::serverledge::{polled, post, tar};
use super::support::{Answer, Client, Running};

fn read(file: &str) -> Vec<u8> {
    std::fs::read(file).unwrap()
}

/// A definition of a command, with what only commands use.
pub(crate) fn definition(name: &str, code: &[u8], image: &str, handler: &str) -> Value {
    json!({
        "Name": name, "Runtime": "wasi", "MemoryMB": 64, "CPUDemand": 0, "MaxConcurrency": 1, "Handler": handler,
        "TarFunctionCode": STANDARD.encode(code), "CustomImage": image, "SupportedArchs": null, "Signature": null
    })
}

pub(crate) async fn create(client: &Client, definition: Value) -> Answer {
    post(client, "/create", definition.to_string()).await
}

pub(crate) async fn invoke(client: &Client, name: &str, body: Value) -> Answer {
    post(client, &format!("/invoke/{name}"), body.to_string()).await
}

fn action(action: &str) -> Value {
    json!({"Params": {"do": action}})
}

/// A component's arguments, files and results are as upstream's.
#[tokio::test(flavor = "multi_thread")]
async fn components_run_as_commands() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    let code = tar(&[
        ("./lib/data.txt", b"some data"),
        ("fib.wasm", &read(COMMAND)),
        ("other.wasm", b"\0asm\x0d\0\x01\0"),
    ]);
    let body = definition("fib", &code, "fib", "main.py");
    create(&client, body).await.ok(200);
    let report = invoke(&client, "fib", action("show")).await.ok(200);
    let expected = [
        r#"arguments ["fib.wasm", "/main.py", "{\"do\":\"show\"}"]"#,
        "setting None",
        r#"params Some("{\"do\":\"show\"}")"#,
        r#"files ["fib.wasm", "lib/", "other.wasm", "tmp/"]"#,
        r#"data Some("some data")"#,
        r#"input """#,
    ];
    assert_eq!(report["Result"], expected.join("\n"));
    assert_eq!(report["IsWarmStart"], false);
    let report = invoke(&client, "fib", json!({})).await.ok(200);
    let result = report["Result"].as_str().unwrap();
    assert!(result.starts_with("arguments [\"fib.wasm\", \"/main.py\"]\n"));
    assert_eq!(report["IsWarmStart"], true);
    let report = invoke(
        &client,
        "fib",
        json!({"Params": {"do": "both"}, "ReturnOutput": true}),
    )
    .await;
    let report = report.ok(200);
    assert_eq!(report["Result"], "to stdout");
    assert_eq!(report["Output"], "to stdout\n\nto stderr\n");
    let unfinished = json!({"Params": {"do": "unfinished"}, "ReturnOutput": true});
    let report = invoke(&client, "fib", unfinished).await.ok(200);
    assert_eq!(
        (&report["Result"], &report["Output"]),
        (&json!("OUT"), &json!("OUT\nERR"))
    );
    let accepted = json!({"Params": {"do": "result"}, "Async": true});
    let accepted = invoke(&client, "fib", accepted).await.ok(200);
    let report = polled(&client, accepted["ReqId"].as_str().unwrap()).await;
    assert_eq!(report["Result"], "from the file\n");
    for (what, says) in [
        ("exit", "exit code"),
        ("binary", "not UTF-8"),
        ("memory", "memory"),
    ] {
        let failed = invoke(&client, "fib", action(what)).await;
        assert_eq!(failed.status, 500, "{}", failed.text());
        assert!(failed.text().contains(says), "{}", failed.text());
    }
}

/// A command is a function like any other: versions, a URL, settings, and the management API deploys one.
#[tokio::test(flavor = "multi_thread")]
async fn commands_are_functions() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    create(&client, definition("cmd", &read(COMMAND), "", "a"))
        .await
        .ok(200);
    post(
        &client,
        "/update",
        definition("cmd", &read(COMMAND), "", "b").to_string(),
    )
    .await
    .ok(200);
    let management = running.management();
    let shown = |answer: Answer| answer.text().lines().next().unwrap().to_owned();
    let direct = running
        .functions()
        .post("/cmd", json!({"do": "show"}))
        .await;
    assert_eq!(
        shown(direct),
        r#"arguments ["cmd.wasm", "/b", "{\"do\":\"show\"}"]"#
    );
    let rolled = management
        .post("/v1/functions/cmd/rollback", json!({"version": 1}))
        .await;
    rolled.ok(200);
    let direct = running
        .functions()
        .post("/cmd", json!({"do": "show"}))
        .await;
    assert_eq!(
        shown(direct),
        r#"arguments ["cmd.wasm", "/a", "{\"do\":\"show\"}"]"#
    );
    assert_eq!(running.functions().get("/cmd").await.status, 405);
    management.deploy("deployed", COMMAND).await.ok(201);
    let report = invoke(&client, "deployed", action("json")).await.ok(200);
    assert_eq!(report["Result"], "{\"a\": [1]}");
    let prewarmed = post(&client, "/prewarm", r#"{"Function":"cmd","Instances":2}"#).await;
    assert_eq!(prewarmed.text(), "{\"Prewarmed\":2}\n");
}

/// A module that prints its arguments, each with a NUL behind it.
fn module() -> Vec<u8> {
    wat::parse_str(
        r#"(module
            (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 2)
            (func (export "_start")
                (drop (call $sizes (i32.const 0) (i32.const 4)))
                (drop (call $args (i32.const 64) (i32.const 4096)))
                (i32.store (i32.const 8) (i32.const 4096))
                (i32.store (i32.const 12) (i32.load (i32.const 4)))
                (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))))"#,
    )
    .unwrap()
}

/// A core module is adapted, and has the arguments that upstream gives it.
#[tokio::test(flavor = "multi_thread")]
async fn modules_run_as_commands() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    for (name, code, handler, params, result) in [
        ("raw", module(), "", json!({"n": 1}), "\0{\"n\":1}\0"),
        ("raw", module(), "", Value::Null, "\0\0"),
        (
            "in-tar",
            tar(&[("mwasm", &module()), ("data", b"")]),
            "main.py",
            json!({}),
            "\0/main.py\0{}\0",
        ),
    ] {
        let body = definition(name, &code, "", handler);
        post(&client, "/update", body.to_string()).await.ok(200);
        let report = invoke(&client, name, json!({"Params": params}))
            .await
            .ok(200);
        assert_eq!(report["Result"], result, "{name}");
    }
    for (text, says) in [
        ("(module)", "_start"),
        (
            r#"(module (import "env" "f" (func)) (memory (export "memory") 1) (func (export "_start") call 0))"#,
            "wasm32-wasip2",
        ),
    ] {
        let code = wat::parse_str(text).unwrap();
        let refused = create(&client, definition("f", &code, "", "")).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains(says), "{}", refused.text());
    }
}

/// Paths that lead out of the TAR are refused. Links are left out.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_archives_are_refused() {
    let running = Running::start().await;
    let client = running.serverledge(ServerledgeOptions::default()).await;
    let command = read(COMMAND);
    let mut escaping = tar(&[("aa/bb", b"x"), ("m.wasm", &command)]);
    escaping[..5].copy_from_slice(b"../bb");
    // The sum of the header's bytes is the same only if it is computed again.
    let mut header = tar::Header::from_byte_slice(&escaping[..512]).clone();
    header.set_cksum();
    escaping[..512].copy_from_slice(header.as_bytes());
    let refused = create(&client, definition("f", &escaping, "", "")).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(refused.text().contains("../bb"), "{}", refused.text());
    // Also where nothing of the TAR but the component is used.
    let mut escaping = tar(&[("aa/bb", b"x"), ("m.wasm", &read(PING))]);
    escaping[..512].copy_from_slice(header.as_bytes());
    let refused = create(&client, definition("f", &escaping, "", "")).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(refused.text().contains("../bb"), "{}", refused.text());
    let both = tar(&[("a", b"x"), ("a/b", b"x"), ("m.wasm", &command)]);
    let refused = create(&client, definition("f", &both, "", "")).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    let mut builder = tar::Builder::new(Vec::new());
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    builder.append_link(&mut link, "lib", "/etc").unwrap();
    let mut file = tar::Header::new_gnu();
    file.set_size(command.len() as u64);
    builder.append_data(&mut file, "m.wasm", &*command).unwrap();
    let linked = builder.into_inner().unwrap();
    create(&client, definition("f", &linked, "", ""))
        .await
        .ok(200);
    let report = invoke(&client, "f", action("show")).await.ok(200);
    assert!(
        report["Result"]
            .as_str()
            .unwrap()
            .contains(r#"files ["m.wasm", "tmp/"]"#)
    );
}

/// A server that answers one request after the other with a status and a body.
async fn code_server(body: Vec<u8>, status: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = client.read(&mut request).await;
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = client.write_all(head.as_bytes()).await;
            let _ = client.write_all(&body).await;
        }
    });
    format!("http://{address}/code.tar")
}

/// A URL is fetched if the host is told so, and only from where functions may send requests too.
#[tokio::test(flavor = "multi_thread")]
async fn code_is_fetched_if_allowed() {
    let code = tar(&[("m.wasm", &read(PING))]);
    let url = code_server(code, "200 OK").await;
    let missing = code_server(b"no".to_vec(), "404 Not Found").await;
    let body = |url: &str| definition("f", url.as_bytes(), "", "");
    let allowing = || super::support::builder().allow_host("127.0.0.1");
    for (builder, options, url, says) in [
        (
            allowing(),
            ServerledgeOptions::default(),
            &url,
            Some("--serverledge-fetch"),
        ),
        (
            super::support::builder(),
            ServerledgeOptions::default().fetch(),
            &url,
            Some("cannot be fetched"),
        ),
        (
            allowing(),
            ServerledgeOptions::default().fetch(),
            &missing,
            Some("404"),
        ),
        (
            allowing(),
            ServerledgeOptions::default().fetch(),
            &url,
            None,
        ),
    ] {
        let running = Running::with(builder, functions_server::ServerOptions::default()).await;
        let client = running.serverledge(options).await;
        let answer = create(&client, body(url)).await;
        match says {
            Some(says) => {
                assert_eq!(answer.status, 422, "{}", answer.text());
                assert!(answer.text().contains(says), "{}", answer.text());
            }
            None => {
                answer.ok(200);
                let report = invoke(&client, "f", json!({})).await.ok(200);
                assert_eq!(report["Result"], "pong");
            }
        }
    }
}
