//! Hosts on which strangers deploy: two tenants, one of them hostile, on the real command.

use std::process::Command;

use host_harness::{BuildError, Builder, CompilerProcess, Harness, Limits, Reuse};

use crate::process::{Serving, functions};
use test_support::client::Client;
use test_support::straight::Straight;

fn serve(options: &[&str]) -> Command {
    let mut command = functions(&["serve", "--multi-tenant", "--listen", "127.0.0.1:0"]);
    command.args(["--max-concurrency", "8"]).args(options);
    command
}

fn named(name: &str, file: &str) -> String {
    format!("{name}={file}")
}

fn refusal(options: &[&str]) -> String {
    let output = serve(options).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{options:?}: {said}");
    said
}

/// One tenant loops, uses all memory, overflows its stack, prints, traps and leaves data. The other is
/// answered throughout, and its memory always equals that of its first request.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_tenants_leave_nothing_to_others() {
    let serving = Serving::start(serve(&[
        test_guests::MISBEHAVE,
        test_guests::COUNTER,
        &named("hostile", test_guests::REMEMBER),
        &named("victim", test_guests::REMEMBER),
        "--cpu-time",
        "300ms",
    ]));
    let client = Client::new(serving.address);
    let first = client.get("/victim?dump").await;
    assert_eq!(first.status, 200);
    for (path, status, reason) in [
        ("/misbehave/loop", 504, "cpu-limit"),
        ("/misbehave/grow", 500, "memory-limit"),
        ("/misbehave/recurse", 500, "trap"),
        ("/misbehave/handles", 500, "trap"),
        ("/misbehave/print-lines?3000", 200, ""),
        ("/hostile?write=0:400000:7&grow=100&leak&trap", 500, "trap"),
        (
            "/hostile?write=0:400000:7&recurse=300&allocate=100000",
            200,
            "",
        ),
    ] {
        let attack = tokio::spawn({
            let client = client.clone();
            async move { client.get(path).await }
        });
        while !attack.is_finished() {
            assert_eq!(client.get("/victim?dump").await.text(), first.text());
            assert_eq!(client.get("/counter").await.text(), "1");
        }
        let answer = attack.await.unwrap();
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        if status != 200 {
            assert_eq!(answer.problem("reason"), reason, "{path}");
        }
    }
    assert_eq!(client.get("/hostile?dump").await.text(), first.text());
}

/// With more functions than slots, each slot of another function is unmapped and mapped anew.
#[tokio::test]
async fn more_tenants_than_slots_are_answered() {
    let mut command = functions(&["serve", "--multi-tenant", "--listen", "127.0.0.1:0"]);
    command.args(["--max-concurrency", "1"]);
    let names: Vec<_> = (0..12).map(|number| format!("f{number}")).collect();
    for name in &names {
        command.arg(format!("{name}={}", test_guests::REMEMBER));
    }
    let serving = Serving::start(command);
    let client = Client::new(serving.address);
    let first = client.get("/f0?dump").await;
    for _ in 0..3 {
        for name in &names {
            let dumped = client.get(&format!("/{name}?dump")).await;
            assert_eq!(dumped.text(), first.text(), "{name}");
            let written = client.get(&format!("/{name}?write=0:400000:7")).await;
            assert_eq!(written.status, 200);
        }
    }
}

/// The host announces the mode on standard output and in its log, and for each function that its instances
/// are not reused.
#[tokio::test]
async fn the_start_says_so() {
    use std::io::{BufRead as _, BufReader, Read as _};
    let mut command = serve(&["-v", test_guests::PING]);
    command.env("RUST_LOG", "host_harness=info");
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines: Vec<_> = lines.take(4).map(Result::unwrap).collect();
    crate::process::signal(&child, "TERM");
    let mut log = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{log}");
    assert!(lines[0].starts_with("listening on http://"), "{lines:?}");
    assert!(
        lines[1].contains("multi-tenant: a new instance"),
        "{lines:?}"
    );
    assert!(lines[3].contains("its reuse is set to never"), "{lines:?}");
    assert!(log.contains("multi-tenant: a new instance"), "{log}");
}

/// Log records beyond 1000 or 64 KiB are counted. Headers are limited to 64 and 16 KiB: in whole responses,
/// in streams, and in outbound requests.
#[tokio::test]
async fn log_and_headers_have_their_strictest_limits() {
    let serving = Serving::start(serve(&[test_guests::MISBEHAVE, test_guests::CALLS_OUT]));
    let client = Client::new(serving.address);
    let many = |count: usize| {
        (0..count)
            .map(|at| format!("x{at}: 1\n"))
            .collect::<String>()
    };
    let long = |bytes: usize| format!("x: {}", "y".repeat(bytes - 1));
    for (headers, fits) in [
        (many(64), true),
        (many(65), false),
        (long(16 * 1024), true),
        (long(16 * 1024 + 1), false),
    ] {
        let whole = client.post("/misbehave/headers", headers.clone()).await;
        assert_eq!(whole.status.as_u16(), if fits { 200 } else { 500 });
        let streamed = client.post("/misbehave/stream-headers", headers).await;
        assert_eq!(streamed.text() == "body", fits, "{}", streamed.text());
    }
    // The request's own headers, which the function passes on, count too.
    for (bytes, says) in [(1000, "NotAllowed"), (17_000, "more headers than 64")] {
        let path = "/calls_out/error?url=http://example.com/";
        let request = client.request(http::Method::GET, path);
        let request = request.header("x", "y".repeat(bytes));
        let request = request.body(test_support::client::whole("")).unwrap();
        let answer = client.send(request).await;
        assert!(answer.text().contains(says), "{}", answer.text());
    }
    for lines in [65, 66] {
        let path = format!("/misbehave/print-lines?{lines}");
        assert_eq!(client.get(&path).await.text(), "printed");
    }
    serving.signal("TERM");
    let (_, said) = serving.end();
    let told: Vec<_> = said
        .lines()
        .filter(|line| line.contains("dropped"))
        .collect();
    assert_eq!(told.len(), 1, "{said}");
    assert!(told[0].contains("1 records dropped (999 bytes)"), "{said}");
    assert!(
        told[0].contains("1000 records") && told[0].contains("65536 bytes"),
        "{said}"
    );
}

/// Functions reach named servers only, whatever the addresses of others.
#[tokio::test]
async fn only_named_servers_are_reached() {
    let other = Serving::start(functions(&["serve", "--listen", "0", test_guests::PING]));
    let address = other.address.to_string();
    let ping = format!("/calls_out/error?url=http://{address}/ping");
    for (options, path, reaches) in [
        (&[][..], "/calls_out/error?url=http://example.com/", false),
        (&[], "/calls_out/error?url=http://93.184.216.34/", false),
        (&[], &ping, false),
        (&["--allow-host", "example.com"], &ping, false),
        (&["--allow-host", &address], &ping, true),
    ] {
        let serving = Serving::start(serve(&[&[test_guests::CALLS_OUT], options].concat()));
        let answer = Client::new(serving.address).get(path).await;
        let denied = answer.text().starts_with("NotAllowed");
        assert_eq!(denied, !reaches, "{options:?} {path}: {}", answer.text());
        assert!(!answer.text().contains("'*'"), "{}", answer.text());
    }
}

/// A conflicting option is refused by name, as an option and as a variable.
#[test]
fn contradicting_options_are_refused() {
    for options in [
        ["--reuse", "auto"],
        ["--max-memories", "2"],
        ["--max-idle-instances", "1"],
        ["--max-log-records", "1001"],
        ["--max-log-records", "10000"],
        ["--max-log-bytes", "65537"],
        ["--max-log-bytes", "1MiB"],
        ["--allow-host", "*"],
        ["--allow-host", "*:443"],
        ["--allow-host", "https://*"],
    ] {
        let said = refusal(&[&options[..], &[test_guests::PING]].concat());
        assert!(said.contains(options[0]), "{said}");
        assert!(said.contains("contradicts --multi-tenant"), "{said}");
    }
    let output = serve(&[test_guests::PING])
        .env("FUNCTIONS_REUSE", "auto")
        .output();
    assert_eq!(output.unwrap().status.code(), Some(2));
    let mut command = functions(&["serve", test_guests::PING, "--reuse", "auto"]);
    let output = command.env("FUNCTIONS_MULTI_TENANT", "yes").output();
    assert_eq!(output.unwrap().status.code(), Some(2));
}

/// Options with the same or a stricter value are accepted.
#[tokio::test]
async fn agreeing_options_are_taken() {
    let serving = Serving::start(serve(&[
        test_guests::PING,
        "--reuse=never",
        "--max-memories=1",
        "--max-idle-instances=0",
        "--max-log-records=1000",
        "--max-log-bytes=64KiB",
        "--allow-host=*.example.com",
        "--verify-reuse=0",
    ]));
    let client = Client::new(serving.address);
    assert_eq!(client.get("/ping").await.text(), "pong");
}

/// A component with more than one memory is refused when it is loaded, with the reason.
#[test]
fn several_memories_are_refused() {
    let file = Straight::memories(2).file();
    let said = refusal(&[&named("two", file.path().to_str().unwrap())]);
    let why = "2 linear memories, above the limit of 1; --multi-tenant allows no more";
    assert!(said.contains(why), "{said}");
}

/// Without room for the host's own pool, slots would pass between functions, so the host does not start.
#[cfg(target_os = "linux")]
#[test]
fn no_host_without_slots_of_its_own() {
    let serve = |options: &str| {
        let command = format!(
            "ulimit -v 8000000; exec {} serve --listen 127.0.0.1:0 --max-concurrency 8 {options} {}",
            env!("CARGO_BIN_EXE_functions"),
            test_guests::PING,
        );
        let mut shell = Command::new("sh");
        shell.args(["-c", &command]).env("FUNCTIONS_NO_CACHE", "1");
        shell
    };
    let output = serve("--multi-tenant").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("--multi-tenant needs the host's own memory pool"),
        "{said}"
    );
    // Only the missing room is the reason.
    Serving::start(serve(""));
}

fn builder() -> Builder {
    Harness::builder()
        .function("ping", test_guests::PING)
        .compiler(CompilerProcess::new(env!("CARGO_BIN_EXE_functions")))
        .concurrency(4, 4)
        .output_sink(|_| {})
}

/// The library has the same rules, in every order of the builder's calls.
#[test]
fn builders_are_held_to_it() {
    let contradictions: [fn(Builder) -> Builder; 7] = [
        |builder| builder.reuse(Reuse::Auto),
        |builder| builder.function_reuse("ping", Reuse::Auto),
        |builder| builder.memories(2),
        |builder| builder.log_limits(1001, 10),
        |builder| builder.idle_instances(3),
        |builder| builder.allow_host("*"),
        |_| Harness::builder().function("ping", test_guests::PING),
    ];
    for (number, contradict) in contradictions.into_iter().enumerate() {
        for built in [
            contradict(builder()).multi_tenant().build(),
            contradict(builder().multi_tenant()).multi_tenant().build(),
        ] {
            let refused = built.unwrap_err();
            assert!(
                matches!(refused, BuildError::MultiTenant(_)),
                "{number}: {refused}"
            );
            assert!(
                refused.to_string().contains("contradicts --multi-tenant"),
                "{refused}"
            );
        }
    }
    let given = builder().multi_tenant().limits(Limits::default());
    assert!(matches!(given.build(), Err(BuildError::MultiTenant(_))));
    builder().multi_tenant().build().unwrap();
    let stricter = builder()
        .log_limits(10, 10)
        .function_reuse("ping", Reuse::Never);
    stricter.multi_tenant().build().unwrap();
}
