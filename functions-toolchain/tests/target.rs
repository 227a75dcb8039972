//! Installs the target in a test's own sysroot, whose compiler does not belong to rustup.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests; clippy.toml allows it in the tests themselves"
)]

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use functions_toolchain::ensure_target_or_run;

/// The variable that marks a child process, with the script to run.
const SCRIPT: &str = "FUNCTIONS_TOOLCHAIN_TEST_SCRIPT";

/// A script that creates a complete target for the compiler in `$RUSTC`.
const WHOLE: &str = "lib=$($RUSTC --print sysroot)/lib/rustlib/wasm32-wasip2/lib\n\
    mkdir -p $lib/self-contained\n\
    touch $lib/libstd-1.rlib\n\
    cd $lib/self-contained\n\
    touch crt1-command.o crt1-reactor.o libc.a\n\
    $RUSTC -vV >../../compiled-for-rustc.txt\n";

/// The script runs if rustup fails, and only once for a compiler.
#[test]
fn script_is_run_until_the_target_is_there() {
    let machine = Machine::new("whole");
    let printed = machine.set_up(WHOLE).unwrap();
    assert!(printed.contains("running script.sh"), "{printed}");
    assert_eq!(machine.set_up("exit 1").unwrap(), "");

    machine.compiler("2");
    let printed = machine.set_up(WHOLE).unwrap();
    assert!(printed.contains("running script.sh"), "{printed}");
}

/// The error has the messages of rustup and of the script.
#[test]
fn script_that_fails_is_reported() {
    let machine = Machine::new("failure");
    let error = machine.set_up("echo no network >&2; exit 1").unwrap_err();
    assert!(error.contains("was not installed by rustup"), "{error}");
    assert!(error.contains("- script.sh: `sh "), "{error}");
    assert!(error.contains("no network"), "{error}");
}

/// A script that succeeds without a complete target is an error.
#[test]
fn script_that_does_nothing_is_reported() {
    let machine = Machine::new("nothing");
    let error = machine.set_up("true").unwrap_err();
    let told = "- script.sh: it succeeded, but files are missing";
    assert!(error.contains(told), "{error}");
}

/// Not a separate test: the tests above run it with another compiler.
#[test]
fn child_that_sets_up() {
    let Some(script) = env::var_os(SCRIPT) else {
        return;
    };
    let done = ensure_target_or_run(Path::new(&script), &mut |step| eprintln!("{step}"));
    if let Err(error) = done {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

/// A compiler with its own sysroot, which is empty at first.
struct Machine {
    folder: PathBuf,
}

impl Machine {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("target")
            .join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("lib/rustlib")).unwrap();
        let machine = Self { folder };
        machine.compiler("1");
        machine
    }

    /// Installs a compiler that reports this version.
    fn compiler(&self, version: &str) {
        let rustc = self.folder.join("rustc");
        let folder = self.folder.display();
        let text = format!(
            "#!/bin/sh\nif [ $1 = -vV ]; then echo release: {version}; else echo {folder}; fi\n"
        );
        fs::write(&rustc, text).unwrap();
        fs::set_permissions(rustc, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Installs the target with `script`, and returns the messages or the error.
    fn set_up(&self, script: &str) -> Result<String, String> {
        let file = self.folder.join("script.sh");
        fs::write(&file, script).unwrap();
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child_that_sets_up", "--nocapture"])
            .env(SCRIPT, file)
            .env("RUSTC", self.folder.join("rustc"))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        output.status.success().then(|| said.clone()).ok_or(said)
    }
}
