//! The limits of loading a function.

use std::error::Error as _;
use std::path::{Path, PathBuf};
#[cfg(target_os = "linux")]
use std::process::Stdio;
use std::time::Duration;

use host_harness::{BuildError, Builder, CompilerProcess, Harness};
use tempfile::TempDir;

use crate::process::{Serving, functions, run};
use test_support::client::Client;

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 128 {
        bytes.push(u8::try_from(number % 128).unwrap() | 128);
        number /= 128;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    [&[id][..], &leb(contents.len()), contents].concat()
}

/// Nested empty components.
fn nested_components(depth: usize) -> Vec<u8> {
    let mut heads = Vec::new();
    let mut length = COMPONENT.len();
    for _ in 0..depth {
        let head = [COMPONENT, &[4], &leb(length)].concat();
        length += head.len();
        heads.push(head);
    }
    heads.reverse();
    [heads.concat(), COMPONENT.to_vec()].concat()
}

/// Nested types of instances.
fn nested_types(depth: usize) -> Vec<u8> {
    let contents = [[1].to_vec(), [0x42, 1, 1].repeat(depth), vec![0x42, 0]].concat();
    [COMPONENT, &section(7, &contents)].concat()
}

/// A module of functions with nested loops.
fn nested_loops(functions: usize, depth: usize) -> Vec<u8> {
    let body = [vec![0], [3, 0x40].repeat(depth), vec![0x0b; depth + 1]].concat();
    let body = [leb(body.len()), body].concat();
    let code = [leb(functions), body.repeat(functions)].concat();
    let module = [
        MODULE.to_vec(),
        section(1, &[1, 0x60, 0, 0]),
        section(3, &[leb(functions), vec![0; functions]].concat()),
        section(10, &code),
    ];
    [COMPONENT, &section(1, &module.concat())].concat()
}

/// A module of one long function without a branch, whose compilation needs much memory.
fn calls(number: usize) -> Vec<u8> {
    let body = [vec![0], [0x10, 0].repeat(number), vec![0x0b]].concat();
    let module = [
        MODULE.to_vec(),
        section(1, &[1, 0x60, 0, 0]),
        section(3, &[1, 0]),
        section(10, &[vec![1], leb(body.len()), body].concat()),
    ];
    [COMPONENT, &section(1, &module.concat())].concat()
}

fn file(folder: &TempDir, name: &str, contents: &[u8]) -> PathBuf {
    let file = folder.path().join(name);
    std::fs::write(&file, contents).unwrap();
    file
}

fn text(folder: &TempDir, text: &str) -> PathBuf {
    file(folder, "text.wasm", &wat::parse_str(text).unwrap())
}

/// The library's error for a file.
fn refusal(builder: Builder, file: &Path) -> String {
    let built = builder.function("f", file).concurrency(1, 1).build();
    let BuildError::Load(error) = built.unwrap_err() else {
        panic!("not a load error")
    };
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    said
}

/// The command's error for a file, with exit code 2.
fn command_refusal(file: &Path, options: &[&str]) -> String {
    let file = file.to_str().unwrap();
    let output = run(&[&["serve", "--max-concurrency", "1", file], options].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    said
}

/// A component that would take minutes, gigabytes or the stack is refused before it is parsed or compiled.
#[test]
fn nesting_is_refused_before_it_is_parsed() {
    let folder = TempDir::new().unwrap();
    for (contents, says) in [
        (
            nested_components(10_000),
            "components nest more than 32 deep",
        ),
        (nested_types(300_000), "types nest more than 32 deep"),
        (nested_loops(1, 264_000), "nests loops more than 200 deep"),
    ] {
        let file = file(&folder, "nested.wasm", &contents);
        for said in [
            refusal(Harness::builder(), &file),
            command_refusal(&file, &[]),
        ] {
            assert!(said.contains(says), "{said}");
        }
    }
}

/// A component on which an assertion of wasmtime's parser fails is refused, also by a host that compiles in its own
/// process.
#[test]
fn panics_of_the_compiler_are_refusals() {
    let folder = TempDir::new().unwrap();
    let types = (1..300).map(|number| {
        let before = number - 1;
        format!(
            r#"(type $t{number} (instance (alias outer 1 $t{before} (type)) (export "a" (instance (type 0)))))"#
        )
    });
    let component = format!(
        r#"(component (type $t0 (instance)) {} (import "x" (instance (type $t299))))"#,
        types.collect::<String>()
    );
    let file = file(&folder, "chain.wasm", &wat::parse_str(component).unwrap());
    for said in [
        refusal(Harness::builder(), &file),
        command_refusal(&file, &[]),
    ] {
        assert!(
            said.contains("the compiler panicked: assertion failed"),
            "{said}"
        );
        assert!(!said.contains("types.rs"), "{said}");
    }
}

/// Modules that each copy five mebibytes into one memory at instantiation, which nothing could interrupt.
#[test]
fn initial_data_is_bounded() {
    let folder = TempDir::new().unwrap();
    let data = "x".repeat(5 << 20);
    for (instances, says) in [(51, "does not export"), (52, "would copy 272629760 bytes")] {
        let instances =
            r#"(core instance (instantiate $m (with "" (instance $mem))))"#.repeat(instances);
        let component = format!(
            r#"(component
                (core module $mem (memory (export "m") 80))
                (core instance $mem (instantiate $mem))
                (core module $m (import "" "m" (memory 80)) (data (i32.const 0) "{data}"))
                {instances})"#
        );
        let said = refusal(Harness::builder(), &text(&folder, &component));
        assert!(said.contains(says), "{said}");
    }
}

/// A component that exceeds a limit of the compiler is refused with the limit's name, with and without a
/// cache.
#[test]
fn limits_of_compiling_are_told() {
    let folder = TempDir::new().unwrap();
    let slow = file(&folder, "slow.wasm", &nested_loops(1000, 200));
    let large = file(&folder, "large.wasm", &calls(500_000));
    let cache = folder.path().join("cache");
    let cache = ["--cache", cache.to_str().unwrap()];
    for options in [&["--no-cache"][..], &cache] {
        for (file, limit, value) in [
            (&slow, "--compile-cpu-time", "1s"),
            (&slow, "--compile-timeout", "500ms"),
            (&large, "--compile-memory", "160MiB"),
        ] {
            let said = command_refusal(file, &[options, &[limit, value]].concat());
            assert!(said.contains(&format!("raise it with {limit}")), "{said}");
        }
    }
    let said = command_refusal(Path::new(test_guests::PING), &["--compile-memory", "1MiB"]);
    assert!(said.contains("expected at least 128MiB"), "{said}");
}

/// The compiler's process has the priority of the background, so that requests go first.
#[cfg(target_os = "linux")]
#[test]
fn compilers_have_a_low_priority() {
    /// The parent and the niceness of a process, if it exists.
    fn stat(process: &Path) -> Option<(u32, i32)> {
        let stat = std::fs::read_to_string(process.join("stat")).ok()?;
        // Its name is in parentheses, and may contain spaces.
        let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        Some((fields.get(1)?.parse().ok()?, fields.get(16)?.parse().ok()?))
    }
    let folder = TempDir::new().unwrap();
    let slow = file(&folder, "slow.wasm", &nested_loops(1000, 200));
    let mut command = functions(&["serve", "--listen", "127.0.0.1:0"]);
    command.arg(slow).args(["--compile-cpu-time", "2s"]);
    let mut host = command.stderr(Stdio::null()).spawn().unwrap();
    let (_, nice) = stat(Path::new("/proc/self")).unwrap();
    let mut found = false;
    while !found && host.try_wait().unwrap().is_none() {
        let processes = std::fs::read_dir("/proc").unwrap();
        found = processes
            .filter_map(|process| stat(&process.unwrap().path()))
            .any(|stat| stat == (host.id(), (nice + 9).min(19)));
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = host.kill();
    host.wait().unwrap();
    assert!(found, "no compiler had a lower priority");
}

/// A cached function needs no compiler at the next start.
#[tokio::test]
async fn kept_functions_need_no_compiler() {
    let folder = TempDir::new().unwrap();
    let cache = folder.path().to_str().unwrap();
    for timeout in ["60s", "1ns"] {
        let mut command = functions(&["serve", "--listen", "127.0.0.1:0", test_guests::PING]);
        command.env_remove("FUNCTIONS_NO_CACHE");
        command.args(["--max-concurrency", "4", "--cache", cache]);
        command.args(["--compile-timeout", timeout]);
        let serving = Serving::start(command);
        let client = Client::new(serving.address);
        assert_eq!(client.get("/ping").await.text(), "pong");
    }
    let said = command_refusal(Path::new(test_guests::PING), &["--compile-timeout", "1ns"]);
    assert!(said.contains("--compile-timeout"), "{said}");
}

/// A program can compile with the command, whose errors equal the library's.
#[test]
fn programs_compile_in_a_process() {
    let process = || CompilerProcess::new(env!("CARGO_BIN_EXE_functions"));
    let builder = || Harness::builder().compiler(process()).concurrency(1, 1);
    builder().function("f", test_guests::GREET).build().unwrap();
    let folder = TempDir::new().unwrap();
    let invalid = text(&folder, "(component (core module (func (result i32))))");
    let said = refusal(builder(), &invalid);
    assert_eq!(said, refusal(Harness::builder(), &invalid));
    assert!(said.contains("does not compile"), "{said}");
    let short = process().timeout(Duration::from_nanos(1));
    let said = refusal(
        Harness::builder().compiler(short),
        Path::new(test_guests::PING),
    );
    assert!(said.contains("--compile-timeout"), "{said}");
}

/// A missing program, or a different one, is an error that says so.
#[test]
fn wrong_compilers_are_told() {
    for (program, says) in [
        ("/nowhere/functions", "/nowhere/functions cannot be started"),
        ("echo", "of another version"),
        ("false", "exit status: 1"),
    ] {
        let builder = Harness::builder().compiler(CompilerProcess::new(program));
        let said = refusal(builder, Path::new(test_guests::PING));
        assert!(said.contains(says), "{said}");
    }
}

/// A component with a `start` function, whose handler otherwise has the wrong type.
fn starting(start: &str) -> String {
    format!(
        r#"(component
        (import "wasi:io/poll@0.2.0" (instance $poll
            (export "pollable" (type $pollable (sub resource)))
            (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
        (alias export $poll "pollable" (type $pollable))
        (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
            (alias outer 1 $pollable (type $outer))
            (export "pollable" (type $pollable (eq $outer)))
            (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))
        (core func $subscribe (canon lower (func $clock "subscribe-duration")))
        (core func $block (canon lower (func $poll "[method]pollable.block")))
        (core module $m
            (import "" "subscribe" (func $subscribe (param i64) (result i32)))
            (import "" "block" (func $block (param i32)))
            (func (export "f"))
            (func $s (local $i i64) {start})
            (start $s))
        (core instance $m (instantiate $m (with "" (instance
            (export "subscribe" (func $subscribe))
            (export "block" (func $block))))))
        (func $f (canon lift (core func $m "f")))
        (instance $handler (export "invoke" (func $f)))
        (export "functions:web/handler@1.0.0" (instance $handler)))"#
    )
}

/// Whether a component with a `start` is refused depends neither on the time until it fails, nor on a
/// runtime.
#[tokio::test]
async fn starts_are_run_to_their_end() {
    const COUNT: &str = "(loop $l (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br_if $l (i64.lt_u (local.get $i) (i64.const 50000000))))";
    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(300);
    let wait =
        |nanoseconds: u64| format!("(call $block (call $subscribe (i64.const {nanoseconds})))");
    let folder = TempDir::new().unwrap();
    for (start, cpu_time, timeout, says) in [
        ("unreachable".to_owned(), LONG, LONG, "unreachable"),
        (format!("{COUNT} unreachable"), LONG, LONG, "unreachable"),
        (wait(20_000_000) + "unreachable", LONG, LONG, "unreachable"),
        (COUNT.to_owned(), LONG, LONG, "type that this host calls"),
        (wait(20_000_000), LONG, LONG, "type that this host calls"),
        (
            "(loop $l (br $l))".to_owned(),
            SHORT,
            LONG,
            "CPU time limit",
        ),
        (
            wait(3_600_000_000_000),
            LONG,
            SHORT,
            "raise it with --timeout",
        ),
    ] {
        let file = text(&folder, &starting(&start));
        let refusal = || {
            let builder = Harness::builder().cpu_time(cpu_time).timeout(timeout);
            refusal(builder, &file)
        };
        let within = refusal();
        let outside = std::thread::scope(|scope| scope.spawn(refusal).join().unwrap());
        for said in [within, outside] {
            assert!(said.contains(says), "{start}: {said}");
        }
    }
}
