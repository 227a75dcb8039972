//! The script that compiles the target from Debian's packages, run on an archive and a sysroot of the test's.
//!
//! Everything runs for real (apt, dpkg, cargo, rustc), save that the packages are small.

#![expect(
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../scripts/wasm32-wasip2-from-debian.sh"
);

/// The library's own `sysroot` package, in small: it needs no other crate, and its product has the name of `std`.
const LIBRARY: [(&str, &str); 4] = [
    (
        "Cargo.toml",
        "[workspace]\nmembers = [\"sysroot\"]\nresolver = \"3\"\n",
    ),
    (
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"sysroot\"\nversion = \"0.0.0\"\n",
    ),
    (
        "sysroot/Cargo.toml",
        "[package]\nname = \"sysroot\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[lib]\nname = \"std\"\n",
    ),
    ("sysroot/src/lib.rs", "#![feature(no_core)]\n#![no_core]\n"),
];

const LIBC: [&str; 3] = ["crt1-command.o", "crt1-reactor.o", "libc.a"];

/// The target is laid out as rustup does, replaces an old one, and nothing else is left behind.
#[test]
fn the_target_replaces_an_old_one() {
    let Some(machine) = Machine::new("whole", "9.9.9") else {
        return;
    };
    let old = machine.rustlib.join("wasm32-wasip2/lib/old.rlib");
    write(&old, "");
    machine.package("rust-src", "9.9.8+dfsg1-1", &[]);
    machine.package("rust-src", "9.9.90+dfsg1-1", &[]);
    let library = LIBRARY.map(|(file, text)| (format!("usr/src/rustc-9.9.9/library/{file}"), text));
    machine.package("rust-src", "9.9.9+dfsg1-1", &library);
    let libc = LIBC.map(|file| (format!("usr/lib/wasm32-wasip2/{file}"), "new"));
    machine.package("wasi-libc", "1.0-1", &[]);
    machine.package("wasi-libc", "1.10-1", &libc);

    let output = machine.run();

    assert!(output.status.success(), "{output:?}");
    let target = machine.rustlib.join("wasm32-wasip2");
    assert!(!old.exists());
    for file in LIBC {
        let file = target.join("lib/self-contained").join(file);
        assert_eq!(fs::read_to_string(file).unwrap(), "new");
    }
    let libraries = names(&target.join("lib"));
    assert!(
        libraries
            .iter()
            .any(|name| name.starts_with("libstd-") && name.ends_with(".rlib")),
        "{libraries:?}"
    );
    let stamp = fs::read_to_string(target.join("compiled-for-rustc.txt")).unwrap();
    assert_eq!(stamp, "rustc 9.9.9\nrelease: 9.9.9\n");
    assert_eq!(names(&machine.rustlib), ["wasm32-wasip2"]);
}

/// Only the library of the compiler's own release fits. The error names the others, and the sysroot stays as it was.
#[test]
fn a_library_of_another_release_is_refused() {
    let Some(machine) = Machine::new("other-release", "9.9.9") else {
        return;
    };
    machine.package("rust-src", "9.9.90+dfsg1-1", &[]);
    machine.package("rust-src", "9.9.9~beta.5+dfsg1-1", &[]);
    machine.package("wasi-libc", "1.0-1", &[]);
    machine.package("debian-archive-keyring", "1", &[]);

    let output = machine.run();

    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    let told = "rust-src for rustc 9.9.9 or wasi-libc not found, only rust-src \
                9.9.90+dfsg1-1 9.9.9~beta.5+dfsg1-1";
    assert!(error.contains(told), "{error}");
    assert!(names(&machine.rustlib).is_empty());
}

/// A machine with an archive of another system's packages is told apart.
#[test]
fn an_archive_of_another_system_is_no_archive() {
    let Some(machine) = Machine::new("other-system", "9.9.9") else {
        return;
    };
    let list = machine.folder.join("sources.list");
    write(
        &list,
        "deb http://localhost/ubuntu noble main\ndeb http://localhost/x bookworm contrib\n",
    );

    let output = machine.run();

    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error, "/etc/apt names no archive of Debian\n");
    assert!(names(&machine.rustlib).is_empty());
}

/// A machine with a compiler of its own and an archive of Debian's in a folder.
struct Machine {
    folder: PathBuf,
    rustlib: PathBuf,
}

impl Machine {
    /// With a `rustc` that says it is `release`; `None` where the test's machine has no apt.
    fn new(name: &str, release: &str) -> Option<Self> {
        if ["apt-get", "dpkg-deb"]
            .iter()
            .any(|tool| Command::new(tool).arg("--version").output().is_err())
        {
            eprintln!("skipped: apt-get or dpkg-deb not found");
            return None;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        let rustlib = folder.join("sysroot/lib/rustlib");
        fs::create_dir_all(&rustlib).unwrap();
        let archive = folder.join("debian");
        fs::create_dir_all(&archive).unwrap();
        let root = folder.display();
        write(
            &folder.join("rustc"),
            &format!(
                "#!/bin/sh\ncase $1 in\n-vV) echo 'rustc {release}'; echo 'release: {release}';;\n\
                 --print) echo '{root}/sysroot';;\nesac\n"
            ),
        );
        run(Command::new("chmod").arg("+x").arg(folder.join("rustc")));
        write(
            &folder.join("sources.list"),
            &format!("deb file:{} sid main\n", archive.display()),
        );
        // Nobody signs the test's archive.
        write(
            &folder.join("apt.conf"),
            &format!(
                "Dir::Etc::SourceList \"{root}/sources.list\";\nDir::Etc::SourceParts \"/dev/null\";\n\
                 Acquire::AllowInsecureRepositories \"true\";\nAPT::Get::AllowUnauthenticated \"true\";\n"
            ),
        );
        Some(Self { folder, rustlib })
    }

    /// Adds a package to the archive.
    fn package(&self, name: &str, version: &str, files: &[(String, &str)]) {
        let contents = self.folder.join("package");
        let _ = fs::remove_dir_all(&contents);
        write(
            &contents.join("DEBIAN/control"),
            &format!(
                "Package: {name}\nVersion: {version}\nArchitecture: all\n\
                 Maintainer: Test <test@example.invalid>\nDescription: test\n"
            ),
        );
        for (file, text) in files {
            write(&contents.join(file), text);
        }
        let archive = self.folder.join("debian");
        let file = format!("{name}_{version}_all.deb");
        run(Command::new("dpkg-deb")
            .arg("--build")
            .arg(&contents)
            .arg(archive.join(&file)));

        let index = self
            .folder
            .join("debian/dists/sid/main/binary-all/Packages");
        let control = fs::read_to_string(contents.join("DEBIAN/control")).unwrap();
        let mut packages = fs::read_to_string(&index).unwrap_or_default();
        let (size, sum) = describe(&archive.join(&file));
        packages += &format!("{control}Filename: {file}\nSize: {size}\nSHA256: {sum}\n\n");
        write(&index, &packages);
        let (size, sum) = describe(&index);
        write(
            &self.folder.join("debian/dists/sid/Release"),
            &format!(
                "Suite: unstable\nCodename: sid\nComponents: main\nArchitectures: all\nDate: Thu, 01 Jan 2026 00:00:00 UTC\n\
                 SHA256:\n {sum} {size} main/binary-all/Packages\n"
            ),
        );
    }

    fn run(&self) -> Output {
        Command::new("sh")
            .arg(SCRIPT)
            .env("APT_CONFIG", self.folder.join("apt.conf"))
            .env("RUSTC", self.folder.join("rustc"))
            .env("RUSTFLAGS", "--no-such-flag")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "no such level")
            .output()
            .unwrap()
    }
}

/// The size and the SHA-256 of a file.
fn describe(file: &Path) -> (u64, String) {
    let sum = run(Command::new("sha256sum").arg(file));
    let sum = sum.split_whitespace().next().unwrap().to_owned();
    (fs::metadata(file).unwrap().len(), sum)
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}
