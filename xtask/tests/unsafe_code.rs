//! Where unsafe code may be.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The crates that cannot forbid unsafe code, with the folders and files that contain it.
/// CONTRIBUTING.md says why.
const EXCEPTIONS: [(&str, &[&str]); 13] = [
    ("functions-binding", &["src/__private"]),
    ("functions-bytes", &["src/__private"]),
    ("functions-guest-web", &["src/__private"]),
    ("functions-http", &["src/__private"]),
    ("fuzz/isolation", &["src/pressure.rs"]),
    (
        "host-harness",
        &[
            "src/compile/cache/entry.rs",
            "src/compile/compiler/mod.rs",
            "src/engine/function.rs",
            "src/engine/instance/mod.rs",
            "src/engine/trial.rs",
            "src/pool",
            "src/wit/bounded.rs",
        ],
    ),
    (
        "small-libc",
        &[
            "src/__private.rs",
            "src/getenv.rs",
            "src/heap.rs",
            "src/memory.rs",
            "src/stdio.rs",
        ],
    ),
    ("test-guests/acme-clock", &["src/lib.rs"]),
    ("test-guests/remember", &["src/lib.rs"]),
    ("test-guests/uses-std", &["src/heap.rs"]),
    ("examples/counter-worker", &["src/lib.rs"]),
    ("test-guests/typed", &["src/lib.rs"]),
    ("test-guests/worker", &["src/lib.rs"]),
];

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The crates of the workspace, below its folder.
fn members() -> BTreeSet<PathBuf> {
    let metadata = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(workspace())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| Path::new(package["manifest_path"].as_str().unwrap()))
        .map(|manifest| manifest.parent().unwrap())
        .map(|folder| folder.strip_prefix(workspace()).unwrap().to_owned())
        .collect()
}

/// The source files below a folder.
fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(path);
        }
    }
}

/// Whether a source file lifts the workspace's lint `unsafe_code`.
fn permits_unsafe_code(file: &Path) -> bool {
    let source = std::fs::read_to_string(file).unwrap();
    source.lines().any(|line| {
        let line = line.trim();
        line.contains("unsafe_code")
            && !line.starts_with("//")
            && !line.starts_with("#![forbid(unsafe_code)]")
    })
}

/// A crate forbids unsafe code, or is listed with the only files that contain some.
#[test]
fn unsafe_code_is_only_in_listed_files() {
    let members = members();
    for (exception, _) in EXCEPTIONS {
        assert!(members.contains(Path::new(exception)), "no {exception}");
    }
    for member in members {
        let src = workspace().join(&member).join("src");
        let exception = EXCEPTIONS
            .iter()
            .find(|(name, _)| member == Path::new(name));
        let Some((_, listed)) = exception else {
            let roots = ["lib.rs", "main.rs"].map(|root| src.join(root));
            for root in roots.iter().filter(|root| root.exists()) {
                let source = std::fs::read_to_string(root).unwrap();
                let forbids = source.contains("#![forbid(unsafe_code)]\n");
                assert!(forbids, "add #![forbid(unsafe_code)] to {}", root.display());
            }
            continue;
        };
        let mut files = Vec::new();
        sources(&src, &mut files);
        let listed = listed
            .iter()
            .map(|path| workspace().join(&member).join(path));
        let listed: Vec<_> = listed.collect();
        for file in files.iter().filter(|file| permits_unsafe_code(file)) {
            let is_listed = listed.iter().any(|path| file.starts_with(path));
            assert!(is_listed, "{} permits unsafe code", file.display());
        }
        for path in &listed {
            let mut of_path = files.iter().filter(|file| file.starts_with(path));
            let permits = of_path.any(|file| permits_unsafe_code(file));
            assert!(permits, "{} has no unsafe code; unlist it", path.display());
        }
    }
}
