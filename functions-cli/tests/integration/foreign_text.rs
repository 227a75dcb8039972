//! What a component names itself, its functions and its headers takes little room in logs and errors.

use std::process::{Command, Stdio};

use test_support::client::Client;
use test_support::straight::Straight;

use crate::process::{Serving, functions};

/// More than one record or error of the host takes, in bytes.
const MUCH: usize = 24 * 1024;

/// The longest name that WebAssembly allows is 100,000 bytes long.
const LONG: usize = 95_000;

fn serve(function: &tempfile::NamedTempFile) -> Command {
    let mut command = functions(&["serve", "--no-cache", "--listen", "127.0.0.1:0"]);
    command.arg(format!("attack={}", function.path().display()));
    command
}

/// What is logged about one request, and the answer's reason.
async fn logged(mut command: Command, options: &[&str]) -> (String, String) {
    command.args(options);
    let serving = Serving::start(command);
    let client = Client::new(serving.address);
    let answer = client.get("/attack").await;
    assert_eq!(answer.status, 500, "{answer:?}");
    let reason = answer.problem("reason");
    drop(client);
    serving.signal("TERM");
    let (_, said) = serving.end();
    (said, reason)
}

/// What the command says that does not start.
fn refused(function: &tempfile::NamedTempFile) -> String {
    let output = serve(function).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Functions with the longest names, which call each other until the last one traps.
fn deep() -> Straight {
    let name = format!("\\1b[2K{}", "n".repeat(LONG));
    let deeper = (1..25).map(|depth| {
        format!(
            "(func $f{depth} (@name \"{name}{depth}\") (call $f{}))",
            depth - 1
        )
    });
    Straight {
        pages: 2,
        more: format!("(func $f0 unreachable) {}", deeper.collect::<String>()),
        body: "(call $f24)".into(),
    }
}

/// A backtrace with long names is cut, and counts as a record of the invocation.
#[tokio::test]
async fn backtraces_are_short_and_within_the_log_limits() {
    let file = deep().file();
    let (said, reason) = logged(serve(&file), &[]).await;
    assert_eq!(reason, "trap");
    assert!(said.len() < MUCH, "{} bytes", said.len());
    assert!(
        said.contains("nnn") && said.contains("unreachable"),
        "{said}"
    );
    assert!(!said.contains('\u{1b}'), "{said}");
    for limit in [["--max-log-bytes", "1000"], ["--max-log-records", "0"]] {
        let (said, _) = logged(serve(&file), &limit).await;
        assert!(
            said.contains("beyond what the invocation may log"),
            "{said}"
        );
        assert!(
            said.contains("unreachable") && !said.contains("nnn"),
            "{said}"
        );
    }
}

/// A C++ name that stands for 80 MB of text: each of its last types names the one before it 300 times. A few more
/// types would fill any memory.
fn growing_name() -> String {
    let types = ["S1_", "S2_"].map(|before| format!("S0_I{}E", before.repeat(300)));
    format!("_Z1f1a1bI{}E{}", "S_".repeat(300), types.concat())
}

/// A name that would be far longer in readable form is logged as it is.
#[tokio::test]
async fn names_in_backtraces_do_not_grow() {
    let function = Straight {
        pages: 2,
        more: format!("(func $f (@name \"{}\") unreachable)", growing_name()),
        body: "(call $f)".into(),
    };
    let (said, reason) = logged(serve(&function.file()), &[]).await;
    assert_eq!(reason, "trap");
    assert!(said.contains("!_Z1f1a1bIS_S_S_"), "{said}");
    assert!(said.len() < MUCH, "{} bytes", said.len());
}

/// The same at load.
#[test]
fn backtraces_of_starts_are_short() {
    let mut starting = deep();
    starting.more.push_str("(start $f24)");
    let said = refused(&starting.file());
    assert!(said.len() < MUCH, "{} bytes", said.len());
    assert!(said.contains("unreachable"), "{said}");
}

/// A response header with a long name that HTTP does not allow is named by its beginning.
#[tokio::test]
async fn names_of_invalid_headers_are_short() {
    let reply = Straight {
        pages: 4,
        more: String::new(),
        body: format!(
            "(memory.fill (i32.const 8192) (i32.const 1) (i32.const {LONG}))
             (i32.store (i32.const 4096) (i32.const 8192))
             (i32.store (i32.const 4100) (i32.const {LONG}))
             (i32.store (i32.const 4104) (i32.const 0))
             (i32.store (i32.const 4108) (i32.const 0))
             (i32.store (i32.const 1028) (i32.const 200))
             (i32.store (i32.const 1032) (i32.const 4096))
             (i32.store (i32.const 1036) (i32.const 1))
             (i32.store (i32.const 1040) (i32.const 1))
             (i32.store (i32.const 1044) (i32.const 2048))
             (i32.store (i32.const 1048) (i32.const 4))
             (return (i32.const 1024))"
        ),
    };
    let (said, reason) = logged(serve(&reply.file()), &[]).await;
    assert_eq!(reason, "invalid-reply");
    assert!(said.len() < MUCH, "{} bytes", said.len());
    assert!(
        said.contains("that HTTP does not allow") || said.contains('…'),
        "{said}"
    );
}

/// A component with long export names is refused with the beginning of these, and the fix.
#[test]
fn names_of_exports_are_short() {
    let exports = (0..20).map(|number| {
        let name = "n".repeat(LONG);
        format!("(export \"{name}{number}\" (instance $i))")
    });
    let text = format!("(component (instance $i) {})", exports.collect::<String>());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), wat::parse_str(text).unwrap()).unwrap();
    let said = refused(&file);
    assert!(said.len() < MUCH, "{} bytes", said.len());
    assert!(said.contains("invoke!"), "{said}");
}
