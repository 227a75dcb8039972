//! Removes the outer cargo's variables from the environment of the inner cargo.
//!
//! Some of them break the inner build: clippy instead of the compiler, or flags for the machine's own
//! target. Others make cargo build the same guest again for each kind of caller.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Command,
};

/// Variables that cargo or clippy set for their child processes, or that configure the outer build.
///
/// A user's variables for all builds stay: `CARGO_HOME`, `CARGO_TARGET_DIR`, `CARGO_PROFILE_*`,
/// `RUSTUP_TOOLCHAIN`, `RUSTC`, `RUSTC_WRAPPER`. So do `CARGO_MAKEFLAGS` and `MAKEFLAGS`. Through them
/// the inner cargo shares the outer one's job slots, so that both together use no more cores than
/// requested. They do not change the result of a build.
const NAMES: [&str; 24] = [
    "CARGO_BIN_NAME",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTDOCFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_CRATE_NAME",
    "CARGO_ENCODED_RUSTDOCFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_RUSTC_CURRENT_DIR",
    "CARGO_TARGET_TMPDIR",
    "CLIPPY_ARGS",
    "CLIPPY_TERMINAL_WIDTH",
    "DEBUG",
    "HOST",
    "NUM_JOBS",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTC_LINKER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOC",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "TARGET",
];

/// The prefixes of further such variables.
const PREFIXES: [&str; 6] = [
    "CARGO_BIN_EXE_",
    "CARGO_CFG_",
    "CARGO_FEATURE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "DEP_",
];

/// The dynamic linker's search path, to which cargo adds folders of the outer build.
///
/// `PATH`, which has that role on Windows, is not in the list because it also locates programs.
const LIBRARY_PATHS: [&str; 2] = ["DYLD_FALLBACK_LIBRARY_PATH", "LD_LIBRARY_PATH"];

/// The program that `variable` names, or `otherwise` if the variable is unset.
pub(crate) fn program(variable: &str, otherwise: &str) -> OsString {
    env::var_os(variable)
        .filter(|program| !program.is_empty())
        .unwrap_or_else(|| otherwise.into())
}

/// Removes variables that the inner cargo must not see from `command`.
pub(crate) fn clean(command: &mut Command) {
    for (name, value) in env::vars_os() {
        if is_of_outer_build(&name) {
            command.env_remove(name);
        } else if LIBRARY_PATHS.iter().any(|path| name == *path) {
            match without_outer_folders(&value) {
                Some(own) => command.env(name, own),
                None => command.env_remove(name),
            };
        }
    }
}

fn is_of_outer_build(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    })
}

/// The library path without the folders that cargo and rustup added; `None` if it is empty.
fn without_outer_folders(value: &OsStr) -> Option<OsString> {
    let folders: Vec<PathBuf> = env::split_paths(value).collect();
    let mut outer = Vec::new();
    for folder in &folders {
        // Cargo adds the profile's folder and its `deps` together.
        let deps = folder.join("deps");
        if folders.contains(&deps) {
            outer.push(folder.clone());
        }
        // Cargo adds `lib/rustlib/HOST/lib` of the sysroot, and rustup its `lib`.
        let rustlib = folder.parent().and_then(Path::parent);
        if let Some(rustlib) = rustlib.filter(|rustlib| rustlib.ends_with("lib/rustlib")) {
            outer.push(rustlib.to_owned());
        }
    }
    let own = folders.iter().filter(|folder| {
        !outer.iter().any(|outer| {
            folder.starts_with(outer)
                || outer.ends_with("lib/rustlib") && outer.parent() == Some(folder)
        })
    });
    env::join_paths(own).ok().filter(|own| !own.is_empty())
}

/// The folder of the outer cargo's profile, if this process is a build script.
///
/// It is `debug`, `release`, or the name of another profile.
pub(crate) fn outer_profile() -> Option<OsString> {
    // Tests and programs have an `OUT_DIR` too, but cargo has released its lock by then.
    env::var_os("HOST")?;
    profile_folder(Path::new(&env::var_os("OUT_DIR")?)).map(OsStr::to_owned)
}

/// The part before `build` in `target/PROFILE/build/NAME/out`.
fn profile_folder(out_dir: &Path) -> Option<&OsStr> {
    let build = out_dir
        .ancestors()
        .find(|folder| folder.file_name() == Some(OsStr::new("build")))?;
    build.parent()?.file_name()
}

/// The folder of a profile in cargo's target folder.
pub(crate) fn folder_of(profile: &str) -> &str {
    match profile {
        "dev" | "test" => "debug",
        "bench" => "release",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Variables that cargo and clippy set are removed, and a user's variables are kept.
    #[test]
    fn tells_the_outer_build_from_the_person() {
        for outer in [
            "CARGO_CFG_TARGET_OS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_FEATURE_DEFAULT",
            "CARGO_MANIFEST_DIR",
            "CARGO_MANIFEST_LINKS",
            "CARGO_PKG_VERSION",
            "CLIPPY_ARGS",
            "DEP_Z_ROOT",
            "OPT_LEVEL",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTFLAGS",
            "TARGET",
        ] {
            assert!(is_of_outer_build(OsStr::new(outer)), "{outer}");
        }
        for own in [
            "CARGO",
            "CARGO_HOME",
            "CARGO_MAKEFLAGS",
            "CARGO_NET_OFFLINE",
            "CARGO_PROFILE_RELEASE_LTO",
            "CARGO_TARGET_DIR",
            "CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS",
            "CARGO_TERM_COLOR",
            "PATH",
            "RUSTC",
            "RUSTC_WRAPPER",
            "RUSTUP_TOOLCHAIN",
            "TARGETS",
        ] {
            assert!(!is_of_outer_build(OsStr::new(own)), "{own}");
        }
    }

    /// The names are sorted, so that a contributor finds them.
    #[test]
    fn names_are_sorted() {
        assert!(NAMES.is_sorted());
        assert!(PREFIXES.is_sorted());
    }

    /// Only the folders that the outer cargo and rustup added are removed from the library path.
    #[cfg(unix)]
    #[test]
    fn cleans_the_library_path() {
        let clean = |path: &str| {
            without_outer_folders(OsStr::new(path)).map(|path| path.into_string().unwrap())
        };
        let toolchain = "/r/toolchains/stable/lib/rustlib/x86_64-unknown-linux-gnu/lib:\
                         /r/toolchains/stable/lib";
        let outer = format!(
            "/w/target/debug/build/z-1/out:/w/target/debug:/w/target/debug/deps:{toolchain}"
        );
        assert_eq!(clean(&outer), None);
        assert_eq!(
            clean(&format!("{outer}:/opt/lib")).as_deref(),
            Some("/opt/lib")
        );
        assert_eq!(
            clean("/usr/lib/rustlib/host/lib:/usr/lib:/usr/local/lib").as_deref(),
            Some("/usr/local/lib")
        );
        assert_eq!(
            clean("/usr/lib:/opt/lib").as_deref(),
            Some("/usr/lib:/opt/lib")
        );
        assert_eq!(clean(""), None);
    }

    /// The folder of a build script shows the profile whose lock the outer cargo holds.
    #[test]
    fn finds_the_outer_profile() {
        let profile = |out_dir| profile_folder(Path::new(out_dir)).and_then(OsStr::to_str);
        assert_eq!(profile("/w/target/debug/build/a-1/out"), Some("debug"));
        assert_eq!(
            profile("/build/w/target/wasm32-wasip2/guest/build/a-1/out"),
            Some("guest")
        );
        assert_eq!(profile("/w/target/guest/build/a/1f/out"), Some("guest"));
        assert_eq!(profile("/elsewhere/out"), None);
        assert_eq!(folder_of("dev"), "debug");
        assert_eq!(folder_of("bench"), "release");
        assert_eq!(folder_of("guest"), "guest");
    }
}
