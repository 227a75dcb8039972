//! The compile cache, which is off by default in the library and on in the command.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use host_harness::Harness;
use http::Request;
use tempfile::TempDir;

use crate::process::{Serving, functions};
use test_support::client::Client;

/// Starts the command with its own log, sends a request, and returns the output.
async fn serve(mut command: Command) -> String {
    command.env("RUST_LOG", "host_harness=debug");
    let serving = Serving::start(command);
    let client = Client::new(serving.address);
    assert_eq!(client.get("/ping").await.text(), "pong");
    serving.signal("TERM");
    serving.end().1
}

/// `functions serve ping` with a cache.
fn keeping(options: &[&str]) -> Command {
    let mut command = functions(&["serve", "--listen", "127.0.0.1:0", test_guests::PING]);
    command.args(["--max-concurrency", "4"]).args(options);
    command.env_remove("FUNCTIONS_NO_CACHE");
    command
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

/// The second start compiles nothing, and answers the same. A damaged file is compiled again.
#[tokio::test]
async fn second_start_finds_what_the_first_compiled() {
    let folder = TempDir::new().unwrap();
    let option = ["--cache", folder.path().to_str().unwrap()];
    let first = serve(keeping(&option)).await;
    assert!(first.contains("compiled"), "{first}");
    let second = serve(keeping(&option)).await;
    assert!(second.contains("from the cache"), "{second}");
    assert!(!second.contains("compiled"), "{second}");

    let file = files(folder.path()).pop().unwrap();
    let half = fs::metadata(&file).unwrap().len() / 2;
    let content = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    fs::write(&file, &content[..usize::try_from(half).unwrap()]).unwrap();
    let third = serve(keeping(&option)).await;
    assert!(third.contains("damaged; compiling again"), "{third}");
    assert_eq!(fs::read(&file).unwrap(), content);
}

/// By default the command caches in the user's folder. With `--no-cache` it does not, and neither does the
/// library.
#[tokio::test]
async fn keeps_by_default_and_not_when_told() {
    let home = TempDir::new().unwrap();
    let of_home = |options: &[&str]| {
        let mut command = keeping(options);
        command
            .env("HOME", home.path())
            .env_remove("XDG_CACHE_HOME");
        command
    };
    let caches = home.path().join(".cache");
    serve(of_home(&["--no-cache"])).await;
    assert!(!caches.exists());
    serve(of_home(&[])).await;
    assert_eq!(files(&caches.join("functions")).len(), 1);

    let mut elsewhere = of_home(&[]);
    elsewhere.env("XDG_CACHE_HOME", home.path().join("xdg"));
    serve(elsewhere).await;
    assert_eq!(files(&home.path().join("xdg/functions")).len(), 1);

    let named = home.path().join("named");
    let mut variable = of_home(&[]);
    variable.env("FUNCTIONS_CACHE", &named);
    serve(variable).await;
    assert_eq!(files(&named).len(), 1);
}

/// An unusable folder is reported with the reason and the fix, and the functions are served.
#[tokio::test]
async fn serves_without_a_folder() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let said = serve(keeping(&["--cache", file.to_str().unwrap()])).await;
    assert!(said.contains("WARN"), "{said}");
    assert!(
        said.contains("file cannot be used; give another with --cache"),
        "{said}"
    );

    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let said = serve(keeping(&["--cache", folder.path().to_str().unwrap()])).await;
    assert!(
        said.contains("others could put machine code there"),
        "{said}"
    );
    assert_eq!(files(folder.path()), [file]);
}

/// A program's host caches in the given folder, finds the files of others there, and has a file for each
/// function.
#[tokio::test]
async fn programs_keep_functions() {
    let folder = TempDir::new().unwrap();
    let build = || {
        let builder = Harness::builder().function("ping", test_guests::PING);
        let builder = builder.function("echo", test_guests::ECHO);
        builder
            .concurrency(1, 1)
            .cache(folder.path())
            .build()
            .unwrap()
    };
    build();
    let mut first = files(folder.path());
    assert_eq!(first.len(), 2);
    let written = |file: &PathBuf| fs::metadata(file).unwrap().modified().unwrap();
    let times: Vec<_> = first.iter().map(written).collect();
    let harness = build();
    let request = Request::get("/ping").body(String::new()).unwrap();
    assert_eq!(harness.handle(request).await.status(), 200);
    assert_eq!(first.iter().map(written).collect::<Vec<_>>(), times);
    let mut second = files(folder.path());
    first.sort();
    second.sort();
    assert_eq!(first, second);
}

/// A host with a lower memory limit refuses a function that another host cached.
#[test]
fn limits_hold_for_what_is_kept() {
    let folder = TempDir::new().unwrap();
    let build = |memory| {
        Harness::builder()
            .function("ping", test_guests::PING)
            .concurrency(1, 1)
            .cache(folder.path())
            .memory(memory)
            .build()
    };
    assert!(build(4 << 20).is_ok());
    assert_eq!(files(folder.path()).len(), 1);
    let refused = build(1 << 20).unwrap_err();
    let reason = std::error::Error::source(&refused).unwrap().to_string();
    assert!(reason.contains("exceeds the limit of 1048576"), "{reason}");
    assert!(build(4 << 20).is_ok());
    assert_eq!(files(folder.path()).len(), 1);
}
