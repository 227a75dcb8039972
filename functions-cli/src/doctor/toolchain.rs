//! The tools that build functions.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use functions_toolchain::TARGET;

use super::finding::{CARGO, Finding};
use crate::value::version::Version;

/// The oldest Rust that functions can be built with.
const RUST: &str = env!("CARGO_PKG_RUST_VERSION");

/// What installs Rust.
const INSTALL: &str = "https://rustup.rs installs it";

/// The program that makes components.
const LINKER: &str = "wasm-component-ld";

/// Checks the tools, in the order in which a build needs them.
pub(super) fn check() -> Vec<Finding> {
    let mut all = vec![cargo()];
    let rustc = env::var("RUSTC").ok().filter(|rustc| !rustc.is_empty());
    let rustc = rustc.unwrap_or_else(|| "rustc".into());
    let Some(version) = ask(&rustc, &["-vV"]) else {
        all.push(Finding::error(
            "rustc",
            format!("{rustc} cannot be run: {INSTALL}"),
        ));
        return all;
    };
    let member = |name: &str| {
        let mut lines = version.lines();
        lines
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_default()
    };
    all.push(compiler(member("release: ")));
    let sysroot = ask(&rustc, &["--print", "sysroot"]).unwrap_or_default();
    let sysroot = Path::new(sysroot.trim());
    all.push(target(sysroot, member("release: ")));
    all.push(linker(sysroot, member("host: ")));
    if cfg!(unix) && !is_in_path("cc") {
        all.push(Finding::warning(
            "cc",
            "not found; crates with build scripts or macros need it: install a C toolchain, such as Debian's build-essential",
        ));
    }
    all
}

fn cargo() -> Finding {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    match ask(&cargo, &["--version"]) {
        Some(version) => Finding::ok(CARGO, version.trim()),
        None => Finding::error(CARGO, format!("{cargo} cannot be run: {INSTALL}")),
    }
}

fn compiler(release: &str) -> Finding {
    let known = Version::parse(release).zip(Version::parse(RUST));
    if known.is_some_and(|(is, wanted)| is < wanted) {
        let text =
            format!("{release} is older than {RUST}, which the SDK needs: run `rustup update`");
        return Finding::error("rustc", text);
    }
    Finding::ok("rustc", release)
}

fn target(sysroot: &Path, release: &str) -> Finding {
    let is_of_rustup = functions_toolchain::rustup_toolchain(sysroot).is_some();
    match functions_toolchain::has_target() {
        Ok(true) => Finding::ok("target", format!("{TARGET} is installed")),
        Ok(false) if is_of_rustup => Finding::error(
            "target",
            format!(
                "{TARGET} is not installed: run `rustup target add {TARGET}`, or `functions build`, which does the same"
            ),
        ),
        Ok(false) => Finding::error(
            "target",
            format!(
                "{TARGET} is not installed, and the compiler in {} is not rustup's: install Rust from https://rustup.rs; or copy lib/rustlib/{TARGET} there from a machine with rustc {release}; or set RUSTC to a compiler that has the target",
                sysroot.display()
            ),
        ),
        Err(error) => Finding::error("target", format!("{:#}", anyhow::Error::from(error))),
    }
}

/// rustc looks for the linker in its own folder, then in the path.
fn linker(sysroot: &Path, host: &str) -> Finding {
    let own = sysroot.join("lib/rustlib").join(host).join("bin");
    let own = own.join(format!("{LINKER}{}", env::consts::EXE_SUFFIX));
    match own.is_file() || is_in_path(LINKER) {
        true => Finding::ok("linker", format!("{LINKER} is there")),
        false => Finding::error(
            "linker",
            format!(
                "{LINKER} not found: Rust from https://rustup.rs has it; for another Rust, run `cargo install {LINKER}`"
            ),
        ),
    }
}

fn is_in_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&path);
    folders.any(|folder| {
        folder
            .join(format!("{program}{}", env::consts::EXE_SUFFIX))
            .is_file()
    })
}

/// What a program prints; `None` if it cannot be run or fails.
fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(printed)
}
