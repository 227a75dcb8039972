//! Starting and stopping.

use std::time::Duration;

use super::project::Project;
use crate::process::{functions, run};

/// A port in use, and a folder without a function, are errors or reports at once.
#[tokio::test]
async fn bad_starts_are_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let output = run(&["dev", path, "--listen", &address]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("127.0.0.1:0 takes a free port"), "{said}");
    let output = functions(&["dev", "no-such-folder"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));

    // It may become a project later.
    let project = Project::empty("dev-late");
    let dev = project.dev();
    dev.says("has no package and no functions.toml", 1).await;
    assert_eq!(dev.get().await.status, 503);
}

/// A stop ends the compiler and all that it has started.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn stop_ends_the_build() {
    let project = Project::empty("dev-stop");
    // Without the SDK, the build begins with the script.
    let manifest = "[package]\nname = \"dev-stop\"\nedition = \"2024\"\n\
                    [lib]\ncrate-type = [\"cdylib\"]\n[workspace]\n";
    project.write("Cargo.toml", manifest);
    project.write("src/lib.rs", "");
    let pid = project.path("pid");
    project.write(
        "build.rs",
        &format!(
            "fn main() {{\n\
             std::fs::write({pid:?}, std::process::id().to_string()).unwrap();\n\
             std::thread::sleep(std::time::Duration::from_secs(3600));\n}}\n"
        ),
    );
    let mut dev = project.dev_in(&project.path("target"));
    let script = loop {
        let text = std::fs::read_to_string(&pid).unwrap_or_default();
        if let Ok(script) = text.parse::<u32>() {
            break script;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let runs = || {
        let status = std::fs::read_to_string(format!("/proc/{script}/stat")).unwrap_or_default();
        !status.is_empty() && !status.contains(") Z ")
    };
    assert!(runs());
    dev.serving.signal("INT");
    assert_eq!(dev.serving.wait().code(), Some(0));
    for _ in 0..500 {
        if !runs() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the build script still runs");
}
