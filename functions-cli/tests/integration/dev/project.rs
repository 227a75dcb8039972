//! A project that a test edits, and the `functions dev` that serves it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use http::Method;
use tempfile::TempDir;
use test_support::client::{Answer, Client, whole};

use crate::process::{Serving, functions};

/// How long a build may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A package in a folder of its own. Its name is the test's: all share the folder of build results.
pub(super) struct Project {
    pub(super) name: &'static str,
    folder: TempDir,
}

/// The repository's root.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The function's source, which answers with an expression.
pub(super) fn answering(expression: &str) -> String {
    format!(
        "use functions_guest_web::{{Data, invoke}};\n\
         invoke!(answer);\n\
         fn answer(_payload: Data) -> String {{\n    {expression}.to_string()\n}}\n"
    )
}

pub(super) fn manifest(name: &str, dependencies: &str) -> String {
    let sdk = repository().join("functions-guest-web");
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [lib]\ncrate-type = [\"cdylib\"]\n\
         [dependencies]\nfunctions-guest-web = {{ path = {sdk:?} }}\n{dependencies}\n"
    )
}

/// Quick to build.
pub(super) const PROFILE: &str =
    "[profile.guest]\ninherits = \"release\"\nopt-level = 1\npanic = \"abort\"\n";

impl Project {
    /// A package with a library that is this source.
    pub(super) fn new(name: &'static str, source: &str) -> Self {
        let project = Self::empty(name);
        project.write(
            "Cargo.toml",
            &(manifest(name, "") + "[workspace]\n" + PROFILE),
        );
        project.write("src/lib.rs", source);
        project
    }

    /// A folder with nothing but the repository's lock file, so that cargo needs no network.
    pub(super) fn empty(name: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(
            repository().join("Cargo.lock"),
            folder.path().join("Cargo.lock"),
        )
        .unwrap();
        Self { name, folder }
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Writes a file, and the folders that it needs.
    pub(super) fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Starts `functions dev`.
    pub(super) fn dev(&self) -> Dev {
        self.dev_in(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("dev"))
    }

    /// The same with another folder of build results: a build that hangs locks it.
    pub(super) fn dev_in(&self, target: &Path) -> Dev {
        let log = self.path(".dev.log");
        let folder = self.folder.path().to_str().unwrap();
        let mut command = functions(&["dev", folder, "--listen", "0"]);
        command
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_TARGET_DIR", target);
        let serving = Serving::start_with(command, File::create(&log).unwrap());
        Dev {
            client: Client::new(serving.address),
            path: format!("/{}", self.name),
            serving,
            log,
        }
    }
}

/// A running `functions dev`.
pub(super) struct Dev {
    pub(super) serving: Serving,
    pub(super) client: Client,
    path: String,
    log: PathBuf,
}

impl Dev {
    pub(super) async fn get(&self) -> Answer {
        self.client.get(&self.path).await
    }

    /// As a browser asks.
    pub(super) async fn page(&self) -> Answer {
        let request = self.client.request(Method::GET, &self.path);
        let request = request.header("accept", "text/html,*/*;q=0.8");
        self.client.send(request.body(whole("")).unwrap()).await
    }

    /// Waits until the function answers with this text.
    pub(super) async fn answers(&self, text: &str) -> Answer {
        let begun = Instant::now();
        loop {
            let answer = self.get().await;
            if answer.status == 200 && answer.text() == text {
                return answer;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{text}: {}\n{}",
                answer.text(),
                self.said()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// All that it has printed so far.
    pub(super) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// How often it has printed a text so far.
    pub(super) fn count(&self, text: &str) -> usize {
        self.said().matches(text).count()
    }

    /// Waits until it has printed a text so many times.
    pub(super) async fn says(&self, text: &str, times: usize) {
        let begun = Instant::now();
        while self.count(text) < times {
            assert!(begun.elapsed() < PATIENCE, "{text}: {}", self.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
