//! Finds the machine's Debian archive in its apt configuration.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Cause,
    formats::{deb822, one_line},
};

/// The names of Debian's suites; a machine with another system has none of them.
const SUITES: [&str; 12] = [
    "buster",
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
    "sid",
    "oldoldstable",
    "oldstable",
    "stable",
    "testing",
    "unstable",
];

/// An archive of Debian's packages, as the machine's administrator set it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Archive {
    /// Where it is.
    pub(super) uri: String,
    /// The suites that the machine takes from it.
    pub(super) suites: Vec<String>,
    /// The keys that it is signed with, where the machine names a file for them.
    pub(super) keyring: Option<PathBuf>,
}

/// The Debian archives in `etc_apt`, the likeliest first.
pub(super) fn of_machine(etc_apt: &Path) -> Result<Vec<Archive>, Cause> {
    let mut files = vec![etc_apt.join("sources.list")];
    let parts = fs::read_dir(etc_apt.join("sources.list.d"));
    files.extend(
        parts
            .into_iter()
            .flatten()
            .flatten()
            .map(|file| file.path()),
    );
    files.sort();

    let mut archives = Vec::new();
    for file in files {
        // One that can't be read is no worse than one that isn't there.
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("list") => archives.extend(one_line(&text)),
            Some("sources") => archives.extend(deb822(&text)),
            _ => {}
        }
    }
    let archives = merge(archives);
    if archives.is_empty() {
        return Err(format!("{} names no archive of Debian", etc_apt.display()).into());
    }
    Ok(archives)
}

/// The archives at `uris`, if they are Debian's.
pub(super) fn archives(
    uris: &[&str],
    suites: &[&str],
    components: &[&str],
    keyring: Option<&str>,
) -> Vec<Archive> {
    let suites: Vec<String> = suites
        .iter()
        .filter(|suite| is_debian(suite))
        .map(|suite| (*suite).to_owned())
        .collect();
    if suites.is_empty() || !components.contains(&"main") {
        return Vec::new();
    }
    uris.iter()
        .filter(|uri| !uri.starts_with("cdrom:"))
        .map(|uri| Archive {
            uri: uri.trim_end_matches('/').to_owned(),
            suites: suites.clone(),
            // It may also be the key itself, or its fingerprint.
            keyring: keyring
                .filter(|keyring| keyring.starts_with('/'))
                .map(PathBuf::from),
        })
        .collect()
}

/// Whether the suite is one of Debian's, and not in the separate archive of security updates.
fn is_debian(suite: &str) -> bool {
    let end = suite.find(['-', '/']).unwrap_or(suite.len());
    let (release, pocket) = suite.split_at(end);
    SUITES.contains(&release) && !pocket.starts_with("-security") && !pocket.starts_with('/')
}

/// Joins the entries of the same archive, and puts those first that are named like Debian's own:
/// others publish packages under the same names of suites.
fn merge(entries: Vec<Archive>) -> Vec<Archive> {
    let mut archives: Vec<Archive> = Vec::new();
    for entry in entries {
        match archives.iter_mut().find(|archive| archive.uri == entry.uri) {
            Some(archive) => {
                archive.suites.extend(entry.suites);
                archive.suites.sort();
                archive.suites.dedup();
                archive.keyring = archive.keyring.take().or(entry.keyring);
            }
            None => archives.push(entry),
        }
    }
    archives.sort_by_key(|archive| !archive.uri.ends_with("/debian"));
    archives
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uris(archives: &[Archive]) -> Vec<&str> {
        archives
            .iter()
            .map(|archive| archive.uri.as_str())
            .collect()
    }

    /// One archive in several entries is tried once, and Debian's own before others.
    #[test]
    fn merges_archives() {
        let archives = merge(one_line(
            "deb http://php.example/php bookworm main\n\
             deb http://mirror.example/debian bookworm main\n\
             deb [signed-by=/k.gpg] http://mirror.example/debian/ bookworm-updates main\n",
        ));
        assert_eq!(
            uris(&archives),
            ["http://mirror.example/debian", "http://php.example/php"]
        );
        assert_eq!(archives[0].suites, ["bookworm", "bookworm-updates"]);
        assert_eq!(archives[0].keyring.as_deref(), Some(Path::new("/k.gpg")));
    }

    /// A machine without Debian's archive says so.
    #[test]
    fn needs_an_archive() {
        let error = of_machine(Path::new("/no/such/etc/apt")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/no/such/etc/apt names no archive of Debian"
        );
    }
}
