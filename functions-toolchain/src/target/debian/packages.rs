//! Fetches the library sources of the compiler's version and the C library.

use std::path::{Path, PathBuf};

use super::{
    Cause,
    apt::{Apt, KEYRING},
    sources::Archive,
};

/// The suites with new compilers, wherever the machine's own system stands.
const SUITES: [&str; 3] = ["trixie-backports", "forky", "sid"];

/// What the target is made of.
#[derive(Debug)]
pub(super) struct Packages {
    /// The workspace of Rust's library.
    pub(super) library: PathBuf,
    /// The folder of the C library for the target.
    pub(super) libc: PathBuf,
}

/// Fetches them from the first of `archives` that has them, into `work`.
pub(super) fn fetch(archives: &[Archive], release: &str, work: &Path) -> Result<Packages, Cause> {
    let mut causes = Vec::new();
    for (number, archive) in archives.iter().enumerate() {
        match fetch_from(archive, release, &work.join(number.to_string())) {
            Ok(packages) => return Ok(packages),
            Err(cause) => causes.push(format!("{}: {cause}", archive.uri)),
        }
    }
    Err(causes.join("\n").into())
}

fn fetch_from(archive: &Archive, release: &str, work: &Path) -> Result<Packages, Cause> {
    let standard = Path::new("/").join(KEYRING);
    let own = archive
        .keyring
        .clone()
        .or_else(|| standard.is_file().then_some(standard));
    let apt = Apt::new(work.join("apt"), archive, &SUITES, own.as_deref())?;
    // Some suite may be gone from the archive, and another may have everything.
    let updated = apt.update();
    let (apt, versions) = match (Versions::choose(&apt, release), updated) {
        (Ok(versions), _) => (apt, versions),
        (Err(cause), Ok(())) => return Err(cause),
        (Err(cause), Err(error)) => with_newer_keys(archive, own.as_deref(), release, work)
            .map_err(|_| format!("{cause}; {error}"))?,
    };
    versions.unpack(&apt, release, &work.join("unpacked"))
}

/// Tries again with other keys: an old system lacks those of newer suites, but may be offered them
/// by its own ones.
fn with_newer_keys(
    archive: &Archive,
    own: Option<&Path>,
    release: &str,
    work: &Path,
) -> Result<(Apt, Versions), Cause> {
    let keyring = newer_keyring(archive, own, work)?;
    let folder = work.join("apt-with-newer-keys");
    let apt = Apt::new(folder, archive, &SUITES, Some(&keyring))?;
    // As before, some suite may do.
    let _ = apt.update();
    let versions = Versions::choose(&apt, release)?;
    Ok((apt, versions))
}

/// The keys in the newest keyring package that the machine's own suites have, checked with `own`.
fn newer_keyring(archive: &Archive, own: Option<&Path>, work: &Path) -> Result<PathBuf, Cause> {
    const PACKAGE: &str = "debian-archive-keyring";
    let suites: Vec<&str> = archive.suites.iter().map(String::as_str).collect();
    let apt = Apt::new(work.join("apt-for-keys"), archive, &suites, own)?;
    // Some of the suites may do.
    let _ = apt.update();
    let versions = apt.versions(PACKAGE)?;
    let newest = versions.first().ok_or("there is no keyring")?;
    let folder = work.join("keys");
    apt.unpack(PACKAGE, newest, &folder)?;
    Ok(folder.join(KEYRING))
}

/// Which versions to take.
#[derive(Debug)]
struct Versions {
    rust_src: String,
    wasi_libc: String,
}

impl Versions {
    fn choose(apt: &Apt, release: &str) -> Result<Self, Cause> {
        let sources = apt.versions("rust-src")?;
        let libcs = apt.versions("wasi-libc")?;
        Ok(Self {
            rust_src: of_release(&sources, release)?.to_owned(),
            // The oldest ones lack the target; only the newest is sure to have it.
            wasi_libc: libcs.first().ok_or("there is no wasi-libc")?.clone(),
        })
    }

    fn unpack(&self, apt: &Apt, release: &str, folder: &Path) -> Result<Packages, Cause> {
        apt.unpack("rust-src", &self.rust_src, folder)?;
        apt.unpack("wasi-libc", &self.wasi_libc, folder)?;
        Ok(Packages {
            library: folder.join(format!("usr/src/rustc-{release}/library")),
            libc: folder.join("usr/lib/wasm32-wasip2"),
        })
    }
}

/// The package of exactly this release: a standard library fits only the compiler it came with.
fn of_release<'a>(versions: &'a [String], release: &str) -> Result<&'a str, Cause> {
    let fits = |version: &&String| {
        let without_epoch = version.split_once(':').map_or(version.as_str(), |(_, v)| v);
        without_epoch
            .strip_prefix(release)
            // Not `1.95.0~beta.5`, nor `1.95.01`.
            .is_some_and(|rest| rest.starts_with(['+', '-']))
    };
    versions
        .iter()
        .find(fits)
        .map(String::as_str)
        .ok_or_else(|| {
            let others = match versions {
                [] => String::new(),
                others => format!(", only {}", others.join(", ")),
            };
            format!("there is no rust-src for rustc {release}{others}").into()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(versions: &[&str]) -> Vec<String> {
        versions.iter().map(ToString::to_string).collect()
    }

    /// Only the compiler's own version will do, in its newest packaging.
    #[test]
    fn takes_the_compilers_version() {
        let offered = versions(&[
            "1.97.1+dfsg1-1",
            "1.95.01-1",
            "1.95.0+dfsg1-2~bpo13+1",
            "1.95.0+dfsg1-1~bpo13+1",
            "1.95.0~beta.5+dfsg1-1",
        ]);
        assert_eq!(
            of_release(&offered, "1.95.0").unwrap(),
            "1.95.0+dfsg1-2~bpo13+1"
        );
        assert_eq!(
            of_release(&versions(&["1:1.96.0-1"]), "1.96.0").unwrap(),
            "1:1.96.0-1"
        );
    }

    /// The error names what there is instead.
    #[test]
    fn says_what_there_is() {
        let error = of_release(&versions(&["1.97.1+dfsg1-1", "1.96.1-1"]), "1.95.0").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no rust-src for rustc 1.95.0, only 1.97.1+dfsg1-1, 1.96.1-1"
        );
        let error = of_release(&[], "1.97.0-nightly").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no rust-src for rustc 1.97.0-nightly"
        );
    }
}
