//! The compiler in use, and whether its sysroot has the target.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{CommandError, TARGET, command, environment};

/// The file in a script's target that names its compiler.
///
/// A target of rustup has no such file, because rustup replaces it together with the compiler.
pub(super) const STAMP: &str = "compiled-for-rustc.txt";

/// The files of a complete target in `self-contained`, besides the standard library.
pub(super) const SELF_CONTAINED: [&str; 3] = ["crt1-command.o", "crt1-reactor.o", "libc.a"];

/// The Rust compiler that guests are built with.
#[derive(Debug)]
pub(super) struct Compiler {
    rustc: OsString,
    sysroot: PathBuf,
}

impl Compiler {
    /// Finds the sysroot of `$RUSTC`, by default `rustc`.
    pub(super) fn find() -> Result<Self, CommandError> {
        let rustc = environment::program("RUSTC", "rustc");
        let printed = command::run(Command::new(&rustc).args(["--print", "sysroot"]))?;
        let sysroot = PathBuf::from(printed.trim_end());
        Ok(Self { rustc, sysroot })
    }

    /// The program to call.
    pub(super) fn rustc(&self) -> &OsStr {
        &self.rustc
    }

    pub(super) fn sysroot(&self) -> &Path {
        &self.sysroot
    }

    /// The folder of all targets.
    pub(super) fn rustlib(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib")
    }

    /// The folder of the target.
    pub(super) fn target_dir(&self) -> PathBuf {
        self.rustlib().join(TARGET)
    }

    /// The output of `rustc -vV`: version, commit, host and LLVM.
    pub(super) fn verbose_version(&self) -> Result<String, CommandError> {
        command::run(Command::new(&self.rustc).arg("-vV"))
    }

    /// Whether guests can be built: the target is complete, and belongs to this compiler.
    pub(super) fn has_target(&self) -> Result<bool, CommandError> {
        let target = self.target_dir();
        if !is_whole(&target) {
            return Ok(false);
        }
        match fs::read_to_string(target.join(STAMP)) {
            Ok(stamp) => Ok(stamp == self.verbose_version()?),
            Err(_) => Ok(true),
        }
    }
}

/// Whether `target` has the standard library, and the files to link it.
pub(super) fn is_whole(target: &Path) -> bool {
    let lib = target.join("lib");
    let self_contained = lib.join("self-contained");
    SELF_CONTAINED
        .iter()
        .all(|file| self_contained.join(file).is_file())
        && fs::read_dir(lib).is_ok_and(|files| {
            files
                .flatten()
                .any(|file| is_std(&file.file_name().to_string_lossy()))
        })
}

fn is_std(file: &str) -> bool {
    file.starts_with("libstd-") && file.ends_with(".rlib")
}

/// The version in the output of `rustc -vV`: `1.95.0`, or `1.97.0-nightly`.
pub(super) fn release(verbose_version: &str) -> Option<&str> {
    verbose_version
        .lines()
        .find_map(|line| line.strip_prefix("release: "))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use std::{env, process};

    use super::*;

    /// A target with only the standard library is incomplete: linking needs more files.
    #[test]
    fn needs_every_part() {
        let target = env::temp_dir().join(format!("functions-toolchain-whole-{}", process::id()));
        let self_contained = target.join("lib/self-contained");
        assert!(!is_whole(&target));
        fs::create_dir_all(&self_contained).unwrap();
        fs::write(target.join("lib/libstd-0a1b.rlib"), "").unwrap();
        assert!(!is_whole(&target));
        for file in SELF_CONTAINED {
            assert!(!is_whole(&target), "without {file}");
            fs::write(self_contained.join(file), "").unwrap();
        }
        assert!(is_whole(&target));
        fs::remove_dir_all(target).unwrap();
    }

    /// Other libraries, and the rest of an interrupted copy, are not the standard library.
    #[test]
    fn knows_the_standard_library() {
        assert!(is_std("libstd-145b48c578b2b1aa.rlib"));
        assert!(!is_std("libstd_detect-fa8fc216ac5538ba.rlib"));
        assert!(!is_std("libstd-145b48c578b2b1aa.rmeta"));
        assert!(!is_std("libcore-458c9ce9d31f7a3a.rlib"));
    }

    /// The release is found among the other lines.
    #[test]
    fn reads_the_release() {
        let printed = "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\nrelease: 1.95.0\n";
        assert_eq!(release(printed), Some("1.95.0"));
        assert_eq!(release("release: 1.97.0-nightly"), Some("1.97.0-nightly"));
        assert_eq!(release("rustc"), None);
    }
}
