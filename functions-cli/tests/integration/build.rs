//! `functions build`, `inspect FILE` and `doctor`, on a package that a test makes.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::functions;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A package from the template `http`, with the repository's versions, which are there already.
pub(crate) struct Package {
    folder: TempDir,
    name: &'static str,
}

impl Package {
    pub(crate) fn new(name: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = functions(&["new", name, "--sdk-path", REPOSITORY])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let package = Self { folder, name };
        let lock = Path::new(REPOSITORY).join("Cargo.lock");
        fs::copy(lock, package.path("Cargo.lock")).unwrap();
        package
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(self.name).join(file)
    }

    /// Changes a file.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        fs::write(self.path(file), text.replace(from, to)).unwrap();
    }

    /// The command in the package's folder, offline, and with results that stay for other tests.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = functions(arguments);
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("templates");
        command
            .current_dir(self.path(""))
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_TARGET_DIR", target);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        text(self.command(arguments).output().unwrap())
    }
}

fn text(output: Output) -> (Option<i32>, String, String) {
    let printed = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), printed, said)
}

/// A build tells what the component consists of, also by crate though it is stripped, and leaves the stripped
/// one.
#[test]
fn build_reports_sizes() {
    let package = Package::new("try-build");
    let (code, printed, said) = package.run(&["build", "--json"]);
    assert_eq!(code, Some(0), "{said}");
    let reports: Value = serde_json::from_str(&printed).unwrap();
    let report = &reports[0];
    assert_eq!(report["name"], "try-build");
    assert!(
        report["crates"]["serde_json"].as_u64().unwrap() > 1000,
        "{report}"
    );
    assert!(
        report["sections"]["code"].as_u64().unwrap() > 10_000,
        "{report}"
    );
    assert_eq!(report["sections"]["names"], Value::Null, "{report}");
    assert_eq!(report["warnings"].as_array().unwrap().len(), 0, "{report}");
    let size = fs::metadata(report["file"].as_str().unwrap())
        .unwrap()
        .len();
    assert_eq!(report["size"], size);

    let (_, printed, _) = package.run(&["build"]);
    assert!(printed.contains("  code comes from "), "{printed}");
    let (_, printed, _) = package.run(&["build", "-q"]);
    assert!(
        printed.starts_with("try-build\t") && printed.lines().count() == 1,
        "{printed}"
    );
}

/// What makes a component large is named with what to change.
#[test]
fn build_warns_of_what_bloats() {
    let package = Package::new("try-bloat");
    package.edit("Cargo.toml", "lto = true", "lto = false");
    package.edit("Cargo.toml", "strip = true", "strip = false");
    package.edit("Cargo.toml", "[\"cdylib\"]", "[\"cdylib\", \"rlib\"]");
    let (code, _, said) = package.run(&["build"]);
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "warning: Cargo.toml: [profile.release] has no link-time optimisation: set `lto = true`",
        "built as `rlib` beside `cdylib`",
        "warning: try-bloat: names and debug information take ",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

/// A workspace's profile is warned of once, and each component that is not a function by its name.
#[test]
fn build_warns_once_of_a_profile() {
    let package = Package::new("try-empty");
    package.edit("Cargo.toml", "lto = true", "lto = false");
    fs::write(package.path("src/lib.rs"), "").unwrap();
    let manifest =
        "[functions.one]\npackage = \"try-empty\"\n[functions.two]\npackage = \"try-empty\"\n";
    fs::write(package.path("functions.toml"), manifest).unwrap();
    let (code, _, said) = package.run(&["build"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        said.matches("no link-time optimisation").count(),
        1,
        "{said}"
    );
    for name in ["one", "two"] {
        let warning = said
            .lines()
            .find(|line| line.starts_with(&format!("warning: {name}: ")));
        let warning = warning.unwrap_or_default();
        assert!(warning.contains("cannot be served as a function"), "{said}");
    }
    let (code, printed, _) = package.run(&["build", "--json"]);
    assert_eq!(code, Some(0), "{printed}");
    assert_eq!(
        printed.matches("no link-time optimisation").count(),
        2,
        "{printed}"
    );
}

/// A build that fails says so with 1, and what cargo cannot explain has a fix.
#[test]
fn failed_build_names_the_fix() {
    let package = Package::new("try-broken");
    package.edit("src/lib.rs", "fn greet", "fn great");
    let (code, _, said) = package.run(&["build"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("cannot find") && said.contains("error: the build failed"),
        "{said}"
    );
    package.edit("src/lib.rs", "fn great", "fn greet");
    package.edit("Cargo.toml", "[\"cdylib\"]", "[\"rlib\"]");
    let (code, _, said) = package.run(&["build"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("add `crate-type = [\"cdylib\"]` to [lib]"),
        "{said}"
    );
    // As on a machine without Rust: nothing is wrong with the package.
    let mut command = package.command(&["build"]);
    let (code, _, said) = text(command.env("CARGO", "/missing/cargo").output().unwrap());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("https://rustup.rs installs it"), "{said}");
    // As on a machine without the linker of components.
    package.edit("Cargo.toml", "[\"rlib\"]", "[\"cdylib\"]");
    let mut command = package.command(&["build"]);
    command.env(
        "CARGO_TARGET_WASM32_WASIP2_LINKER",
        "/missing/wasm-component-ld",
    );
    let (code, _, said) = text(command.output().unwrap());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("cargo install wasm-component-ld"), "{said}");
}

/// Everything that the doctor looks at is fine here, and a busy port is not an error.
#[test]
fn doctor_finds_nothing_to_mend() {
    let package = Package::new("try-doctor");
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let mut command = package.command(&["doctor"]);
    let (code, printed, said) = text(command.env("FUNCTIONS_LISTEN", &address).output().unwrap());
    assert_eq!(code, Some(0), "{printed}{said}");
    for part in [
        "ok       target: wasm32-wasip2 is installed",
        "ok       functions-guest-web: ",
        "ok       linker: ",
        &format!("warning  address: {address} is in use"),
    ] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
}

/// What stops a build or a function is an error with its fix, and the exit code is 1.
#[test]
fn doctor_names_what_to_mend() {
    let package = Package::new("try-ill");
    package.edit("Cargo.toml", "[\"cdylib\"]", "[\"rlib\"]");
    let (code, printed, _) = package.run(&["doctor"]);
    assert_eq!(code, Some(1));
    assert!(
        printed.contains("error    project: package try-ill is not a function: add"),
        "{printed}"
    );

    let manifest = "[functions.one]\npath = \"module.wasm\"\n";
    fs::write(package.path("functions.toml"), manifest).unwrap();
    fs::write(
        package.path("module.wasm"),
        wat::parse_str("(module)").unwrap(),
    )
    .unwrap();
    let (code, printed, _) = package.run(&["doctor"]);
    assert_eq!(code, Some(1));
    let expected = "error    one: module.wasm is a WebAssembly module, but a function is a component; build it for the target wasm32-wasip2";
    assert!(printed.contains(expected), "{printed}");

    // A toolchain that is not there.
    let mut command = package.command(&["doctor"]);
    command
        .env("CARGO", "/missing/cargo")
        .env("RUSTC", "/missing/rustc");
    let (code, printed, _) = text(command.output().unwrap());
    assert_eq!(code, Some(1));
    assert!(
        printed.contains("https://rustup.rs installs it"),
        "{printed}"
    );
}

/// Of a file, `inspect` shows what it needs, and whether and how it can run here.
#[test]
fn inspect_shows_a_component() {
    let (code, printed, said) = text(functions(&["inspect", test_guests::PING]).output().unwrap());
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "exports   functions:web/handler@1.0.0",
        "imports   functions:bytes/bytes@1.0.0",
        "contract  functions:web 1.0.0; this host offers 1.0.0",
        "runs here yes",
        "instances instances are reset and reused",
    ] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    let (_, printed, _) = text(
        functions(&["inspect", test_guests::STREAM_CSV])
            .output()
            .unwrap(),
    );
    assert!(
        printed.contains("a new instance for each request: "),
        "{printed}"
    );
}

/// A component that cannot run here is shown, and the error says why.
#[test]
fn inspect_says_why_a_component_cannot_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.wasm");
    let component = "(component (import \"acme:later/clock@9.0.0\" (instance)))";
    fs::write(&file, wat::parse_str(component).unwrap()).unwrap();
    let path = file.to_str().unwrap();
    let (code, printed, said) = text(functions(&["inspect", path]).output().unwrap());
    assert_eq!(code, Some(2), "{said}");
    assert!(
        printed.contains("imports   acme:later/clock@9.0.0"),
        "{printed}"
    );
    assert!(printed.contains("runs here no"), "{printed}");
    assert!(said.contains("cannot be served as a function"), "{said}");
    let (_, printed, _) = text(functions(&["inspect", "--json", path]).output().unwrap());
    let described: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(described["runs"], false);
}

/// What is neither a file nor a name is refused, and so is a folder without a project.
#[test]
fn places_without_functions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, reason) in [
        (
            &["inspect", "."][..],
            "\".\" is not a file, and invalid function name",
        ),
        (
            &["build"],
            "has no package and no functions.toml: run this in",
        ),
    ] {
        let mut command = functions(arguments);
        let (code, _, said) = text(command.current_dir(folder.path()).output().unwrap());
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(reason), "{said}");
    }
}

/// A full disk behind standard output is an error that says so.
#[cfg(target_os = "linux")]
#[test]
fn full_disk_is_an_error() {
    for arguments in [&["inspect"][..], &["invoke"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = functions(&[arguments, &[test_guests::PING]].concat());
        let (code, _, said) = text(command.stdout(full).output().unwrap());
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.starts_with("error: cannot write to standard output: "),
            "{said}"
        );
    }
}

/// A component of workers says that it is one, and how it is run.
#[test]
fn inspect_shows_a_component_of_workers() {
    let (code, printed, said) = text(
        functions(&["inspect", test_guests::WORKER])
            .output()
            .unwrap(),
    );
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "runs here yes, as workers with ",
        "functions component add ",
    ] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    let (_, printed, _) = text(
        functions(&["inspect", "--json", test_guests::WORKER])
            .output()
            .unwrap(),
    );
    let shown: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        (&shown["runs"], &shown["worker"]),
        (&false.into(), &true.into())
    );
}

/// What is not WebAssembly, or damaged, is one clear line; for a build too.
#[test]
fn other_files_are_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("text.wasm", b"no component");
    write("short.wasm", &fs::read(test_guests::PING).unwrap()[..1000]);
    write("functions.toml", b"[functions.one]\npath = \"text.wasm\"\n");
    for (arguments, reason) in [
        (
            &["inspect", "text.wasm"][..],
            "text.wasm is not WebAssembly; ",
        ),
        (&["build"], "text.wasm is not WebAssembly; "),
        (&["inspect", "short.wasm"], "short.wasm is damaged at byte "),
    ] {
        let mut command = functions(arguments);
        let (code, _, said) = text(command.current_dir(folder.path()).output().unwrap());
        assert_eq!((code, said.lines().count()), (Some(2), 1), "{said}");
        assert!(said.contains(reason), "{said}");
    }
}
