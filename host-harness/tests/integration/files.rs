//! Files that cannot be served: one error that names the file and the fix.

use std::error::Error;
use std::path::{Path, PathBuf};

use host_harness::{BuildError, Harness, LoadErrorKind};
use tempfile::TempDir;

fn file(folder: &TempDir, content: &[u8]) -> PathBuf {
    let path = folder.path().join("function.wasm");
    std::fs::write(&path, content).unwrap();
    path
}

/// The host's error for a file, with its causes and its kind.
fn refusal(path: &Path) -> (LoadErrorKind, String) {
    let built = Harness::builder()
        .function("f", path)
        .concurrency(1, 1)
        .build();
    let BuildError::Load(error) = built.unwrap_err() else {
        panic!("not a load error")
    };
    let mut text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    (error.kind(), text)
}

/// Each invalid file has an error with its kind, and with the information that a user needs.
#[test]
fn refusals_say_what_to_do() {
    let folder = TempDir::new().unwrap();
    let component = |text: &str| wat::parse_str(text).unwrap();
    let import = |import: &str| component(&format!("(component (import \"{import}\" (instance)))"));
    let mut cut = std::fs::read(test_guests::PING).unwrap();
    cut.truncate(cut.len() / 2);
    let handler = r#"(component
        (core module $m (func (export "f")))
        (core instance $m (instantiate $m))
        (func $f (canon lift (core func $m "f")))
        (instance $handler (export "invoke" (func $f)))
        (export "functions:web/handler@1.0.0" (instance $handler)))"#;
    let traps = handler.replace(
        r#"(func (export "f"))"#,
        r#"(func (export "f")) (func $s unreachable) (start $s)"#,
    );
    let memories = handler.replace(
        r#"(func (export "f"))"#,
        &format!(r#"(func (export "f")) {}"#, "(memory 0)".repeat(9)),
    );
    let large = handler.replace(
        "(core instance $m",
        &format!(
            "(core module $l {}) {} (core instance $m",
            "(global i32 (i32.const 0))".repeat(20_000),
            "(core instance (instantiate $l))".repeat(21),
        ),
    );
    let missing_function = r#"(component (import "functions:web/environment@1.1.0" (instance
        (export "weather" (func (result string))))))"#;

    let cases: Vec<(Vec<u8>, LoadErrorKind, &[&str])> = vec![
        (b"".to_vec(), LoadErrorKind::NotWasm, &["wasm32-wasip2"]),
        (
            b"#!/bin/sh\n".to_vec(),
            LoadErrorKind::NotWasm,
            &["cargo build"],
        ),
        (
            wat::parse_str("(module)").unwrap(),
            LoadErrorKind::CoreModule,
            &["wasm32-wasip2"],
        ),
        (cut, LoadErrorKind::NotAFunction, &["does not compile"]),
        (
            component("(component)"),
            LoadErrorKind::NotAFunction,
            &["functions:web/handler@1.0.0", "invoke!"],
        ),
        (
            handler.as_bytes().to_vec(),
            LoadErrorKind::NotAFunction,
            &["functions:web/handler@1.0.0", "type"],
        ),
        (
            traps.into_bytes(),
            LoadErrorKind::NotAFunction,
            &["cannot be instantiated", "unreachable"],
        ),
        (
            large.into_bytes(),
            LoadErrorKind::NotAFunction,
            &[
                "besides their memory",
                "globals",
                "above the limit of 16777216",
            ],
        ),
        (
            memories.into_bytes(),
            LoadErrorKind::NotAFunction,
            &["9 linear memories", "--max-memories"],
        ),
        (
            import("functions:cache/cache@1.0.0"),
            LoadErrorKind::NotAFunction,
            &[
                "imports functions:cache/cache@1.0.0",
                "offers functions:binding/invoker@1.0.0, functions:bytes/bytes@1.0.0",
            ],
        ),
        (
            import("functions:web/environment@2.0.0"),
            LoadErrorKind::NotAFunction,
            &[
                "imports functions:web/environment@2.0.0",
                "functions:web/environment@1.0.0",
            ],
        ),
        (
            import("wasi:http/types@0.2.6"),
            LoadErrorKind::NotAFunction,
            &["imports wasi:http/types@0.2.6"],
        ),
        (
            import("wasi:io/poll@0.3.0"),
            LoadErrorKind::NotAFunction,
            &["imports wasi:io/poll@0.3.0"],
        ),
        (
            missing_function.as_bytes().to_vec(),
            LoadErrorKind::NotAFunction,
            &[
                "functions:web/environment@1.1.0",
                "functions:web/environment@1.0.0",
                "weather",
            ],
        ),
    ];
    for (content, kind, says) in cases {
        let content = if content.starts_with(b"(") {
            wat::parse_bytes(&content).unwrap().into_owned()
        } else {
            content
        };
        let (found, text) = refusal(&file(&folder, &content));
        assert_eq!(found, kind, "{text}");
        for part in says {
            assert!(text.contains(part), "{part:?} in {text}");
        }
    }
}

/// A function whose initial memory exceeds its limit is refused with the option's name.
#[test]
fn too_much_memory_names_the_setting() {
    let built = Harness::builder()
        .function("f", test_guests::PING)
        .concurrency(1, 1)
        .memory(65536)
        .build();
    let error = built.unwrap_err();
    let reason = error.source().unwrap().to_string();
    assert!(
        reason.contains("65536 bytes") && reason.contains("--memory"),
        "{reason}"
    );
}

/// A missing file, or a folder, cannot be read.
#[test]
fn unreadable_files_are_refused() {
    let folder = TempDir::new().unwrap();
    assert_eq!(
        refusal(&folder.path().join("none.wasm")).0,
        LoadErrorKind::Unreadable
    );
    assert_eq!(refusal(folder.path()).0, LoadErrorKind::Unreadable);
}

/// Names are validated, and unique.
#[test]
fn names_are_checked() {
    for builder in [
        Harness::builder().function("a/b", test_guests::PING),
        Harness::builder()
            .function("p", test_guests::PING)
            .function("p", test_guests::PING),
    ] {
        let built = builder.concurrency(1, 1).build();
        assert!(matches!(built, Err(BuildError::Name(_))), "{built:?}");
    }
}
