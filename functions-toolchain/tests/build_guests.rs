//! Builds a real guest in a separate workspace, without dependencies and so without downloads.
//!
//! Like every test that builds guests, it installs the target first if that is missing.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests; clippy.toml allows it in the tests themselves"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use functions_toolchain::{BuildError, CommandError, GuestBuild, build_guests, ensure_target};

/// The variable that marks a child process, with the path of its workspace.
const WORKSPACE: &str = "FUNCTIONS_TOOLCHAIN_TEST_WORKSPACE";

/// A caller in another cargo's environment does not build the same guest again.
///
/// In that environment the guest could not be built at all.
#[test]
fn the_callers_environment_does_not_matter() {
    let workspace = workspace("environment", "pub extern \"C\" fn guest() {}");
    let first = build(&workspace);

    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child_that_builds"])
        .env(WORKSPACE, &workspace)
        .env("CARGO_ENCODED_RUSTFLAGS", "--no-such-flag")
        .env("CARGO_MANIFEST_DIR", "/no/such/dir")
        .env("OUT_DIR", "/no/such/target/debug/build/outer-1/out")
        .env("HOST", "outer-host")
        .env("RUSTC_WORKSPACE_WRAPPER", "/no/such/clippy-driver")
        .env("RUSTFLAGS", "--no-such-flag")
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
    assert_eq!(build(&workspace), first, "the guest was built again");
}

/// Not a separate test: the test above runs it in a changed environment.
#[test]
fn child_that_builds() {
    let Some(workspace) = env::var_os(WORKSPACE) else {
        return;
    };
    let workspace = PathBuf::from(workspace);
    build_guests(&spec(&workspace)).unwrap();
    let same = GuestBuild::new(&workspace).package("guest").profile("dev");
    let error = build_guests(&same).unwrap_err();
    assert!(matches!(error, BuildError::SameProfile { .. }), "{error}");
}

/// A quiet build prints nothing, and its error has the compiler's message.
#[test]
fn a_failure_has_the_compilers_words() {
    let workspace = workspace("failure", "compile_error!(\"as the test wants it\");");
    let error = build_guests(&spec(&workspace)).unwrap_err();
    let BuildError::Cargo { source } = error else {
        panic!("{error:?}");
    };
    assert!(matches!(source, CommandError::Failed { .. }));
    assert!(source.to_string().contains("as the test wants it"));
}

/// Without packages nothing is built, instead of everything.
#[test]
fn no_package_is_no_build() {
    let none = GuestBuild::new("/no/such/workspace");
    assert!(build_guests(&none).unwrap().is_empty());
}

/// Builds the guest, and returns the modification time of its component.
fn build(workspace: &Path) -> SystemTime {
    ensure_target(&mut |step| eprintln!("{step}")).unwrap();
    let artifacts = build_guests(&spec(workspace)).unwrap();
    assert_eq!(artifacts.len(), 1);
    assert_eq!(artifacts[0].package, "guest");
    assert!(artifacts[0].wasm.starts_with(workspace.join("built")));
    // The preamble of a component, which differs from that of a core module.
    let component = fs::read(&artifacts[0].wasm).unwrap();
    assert_eq!(component[..8], *b"\0asm\x0d\0\x01\0");
    fs::metadata(&artifacts[0].wasm)
        .unwrap()
        .modified()
        .unwrap()
}

fn spec(workspace: &Path) -> GuestBuild {
    GuestBuild::new(workspace)
        .package("guest")
        .target_dir(workspace.join("built"))
        .quiet(true)
}

/// Creates a workspace with the package `guest`.
fn workspace(name: &str, code: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&workspace);
    // The library's name differs from the package's, as in many crates.
    let package = workspace.join("first");
    fs::create_dir_all(package.join("src")).unwrap();
    let manifest = "[workspace]\n\
                    members = [\"first\"]\n\
                    resolver = \"3\"\n\
                    [profile.guest]\n\
                    inherits = \"release\"\n";
    fs::write(workspace.join("Cargo.toml"), manifest).unwrap();
    let manifest = "[package]\n\
                    name = \"guest\"\n\
                    edition = \"2024\"\n\
                    [lib]\n\
                    crate-type = [\"cdylib\"]\n";
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::write(package.join("src/lib.rs"), code).unwrap();
    workspace
}
