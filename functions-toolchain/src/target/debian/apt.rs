//! Asks apt for packages without touching the machine's own lists and settings.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{CommandError, command};

use super::{Cause, sources::Archive};

/// Debian's keys, where the machine doesn't say otherwise. Newer systems have it as a link.
pub(super) const KEYRING: &str = "usr/share/keyrings/debian-archive-keyring.gpg";

/// Finds out whether there is an apt at all.
pub(super) fn check() -> Result<(), Cause> {
    match command::run(Command::new("apt-get").arg("--version")) {
        Err(error) if error.is_missing_program() => Err("this machine has no apt-get".into()),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

/// An apt with its own lists and cache in a folder of ours.
#[derive(Debug)]
pub(super) struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Sets it up in `folder` for `suites` of `archive`, whose signatures `keyring` must match.
    pub(super) fn new(
        folder: PathBuf,
        archive: &Archive,
        suites: &[&str],
        keyring: Option<&Path>,
    ) -> io::Result<Self> {
        fs::create_dir_all(folder.join("lists/partial"))?;
        fs::create_dir_all(folder.join("cache/archives/partial"))?;
        fs::write(folder.join("apt.conf"), settings(&folder))?;
        fs::write(
            folder.join("sources.list"),
            source_list(archive, suites, keyring),
        )?;
        Ok(Self { folder })
    }

    /// Fetches the lists. A suite that can't be fetched is an error, yet the others are there.
    pub(super) fn update(&self) -> Result<(), CommandError> {
        command::run(self.command("apt-get").arg("update")).map(|_| ())
    }

    /// The versions of `package`, the newest first.
    pub(super) fn versions(&self, package: &str) -> Result<Vec<String>, CommandError> {
        let table = command::run(self.command("apt-cache").args(["madison", package]))?;
        Ok(versions(&table, package))
    }

    /// Downloads a package and unpacks it into `folder`, which need not exist.
    pub(super) fn unpack(&self, package: &str, version: &str, folder: &Path) -> Result<(), Cause> {
        let downloads = self.folder.join(package);
        fs::create_dir_all(&downloads)?;
        let mut download = self.command("apt-get");
        download.arg("download").arg(format!("{package}={version}"));
        // It is stored in the working directory.
        command::run(download.current_dir(&downloads))?;
        for file in fs::read_dir(&downloads)? {
            command::run(Command::new("dpkg").arg("-x").arg(file?.path()).arg(folder))?;
        }
        Ok(())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("LC_ALL", "C").arg("-qq");
        command.arg("-c").arg(self.folder.join("apt.conf"));
        command
    }
}

/// Settings for apt, in its own language.
///
/// What machines run after an update (refresh a desktop's catalogue, clear the caches of a
/// container) is about their own lists, not about these. Apt's own user has no access to folders
/// below the home of this one. An archive that can't be reached is an error, not a warning.
fn settings(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        r#"#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "{folder}/lists";
Dir::Cache "{folder}/cache";
"#
    )
}

/// A list for apt; only the package lists are wanted, not what desktops show of them.
fn source_list(archive: &Archive, suites: &[&str], keyring: Option<&Path>) -> String {
    let signed_by = keyring.map_or_else(String::new, |keyring| {
        format!(" signed-by={}", keyring.display())
    });
    let uri = &archive.uri;
    suites
        .iter()
        .map(|suite| format!("deb [target=Packages{signed_by}] {uri} {suite} main\n"))
        .collect()
}

/// The versions in the table of `apt-cache madison`: `package | version | where it is`.
///
/// Apt keeps versions sorted from the newest to the oldest.
fn versions(table: &str, package: &str) -> Vec<String> {
    let mut versions: Vec<String> = table
        .lines()
        .filter_map(|row| {
            let mut cells = row.split('|').map(str::trim);
            let found = cells.next()? == package;
            let version = cells.next()?;
            // The rows of source packages end in `Sources`.
            (found && cells.next()?.ends_with("Packages")).then(|| version.to_owned())
        })
        .collect();
    // The same version may be in several suites.
    versions.dedup();
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order is kept, versions in several suites are named once, sources are left out.
    #[test]
    fn reads_madisons_table() {
        let table = "\
  rust-src | 1.97.1+dfsg1-1 | http://mirror.example/debian forky/main amd64 Packages
  rust-src | 1.97.1+dfsg1-1 | http://mirror.example/debian sid/main amd64 Packages
  rust-src | 1.95.0+dfsg1-2~bpo13+1 | http://mirror.example/debian trixie-backports/main amd64 Packages
  rust-src | 1.94.0+dfsg1-1 | http://mirror.example/debian sid/main Sources
rust-src-x | 1.0 | http://mirror.example/debian sid/main amd64 Packages

";
        assert_eq!(
            versions(table, "rust-src"),
            ["1.97.1+dfsg1-1", "1.95.0+dfsg1-2~bpo13+1"]
        );
        assert!(versions("", "rust-src").is_empty());
    }

    /// The list names each suite and the keys, and never switches the check of signatures off.
    #[test]
    fn writes_a_source_list() {
        let archive = Archive {
            uri: "http://mirror.example/debian".into(),
            suites: vec!["bookworm".into()],
            keyring: None,
        };
        let list = source_list(&archive, &["forky", "sid"], Some(Path::new("/k.gpg")));
        assert_eq!(
            list,
            "deb [target=Packages signed-by=/k.gpg] http://mirror.example/debian forky main\n\
             deb [target=Packages signed-by=/k.gpg] http://mirror.example/debian sid main\n"
        );
        let list = source_list(&archive, &["sid"], None);
        assert_eq!(
            list,
            "deb [target=Packages] http://mirror.example/debian sid main\n"
        );
    }
}
