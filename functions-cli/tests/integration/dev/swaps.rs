//! Edits reach clients, and no request fails meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use test_support::client::Client;

use super::project::{PROFILE, Project, answering, manifest};

/// An edit is served, and the version tells which build answered. No request of a running load fails, and
/// none gets the old build once another one got the new.
#[tokio::test]
async fn edit_is_served_without_a_failed_request() {
    let project = Project::new("dev-edit", &answering("\"one\""));
    let dev = project.dev();
    let first = dev.answers("one").await;
    let is_done = Arc::new(AtomicBool::new(false));
    let loads: Vec<_> = (0..4)
        .map(|_| {
            let client = Client::new(dev.serving.address);
            let is_done = Arc::clone(&is_done);
            tokio::spawn(async move {
                let mut is_new = false;
                while !is_done.load(Ordering::Relaxed) {
                    let answer = client.get("/dev-edit").await;
                    assert_eq!(answer.status, 200);
                    assert!(answer.text() == "two" || !is_new, "the old build came back");
                    is_new |= answer.text() == "two";
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                is_new
            })
        })
        .collect();
    project.write("src/lib.rs", &answering("\"two\""));
    dev.says("serving ", 2).await;
    // It has said so: no later request gets the old build.
    let second = dev.get().await;
    assert_eq!(second.text(), "two");
    tokio::time::sleep(Duration::from_millis(50)).await;
    is_done.store(true, Ordering::Relaxed);
    for load in loads {
        assert!(load.await.unwrap(), "it never saw the new build");
    }
    let versions =
        [first, second].map(|answer| answer.header("x-functions-version").unwrap().to_owned());
    assert_ne!(versions[0], versions[1]);
    assert!(dev.said().contains("GET /dev-edit 200"), "{}", dev.said());
}

/// Ten edits in quick succession end with the last.
#[tokio::test]
async fn ten_edits_end_with_the_last() {
    let project = Project::new("dev-ten", &answering("0"));
    let dev = project.dev();
    dev.answers("0").await;
    for edit in 1..=10 {
        project.write("src/lib.rs", &answering(&format!("{edit}")));
        tokio::time::sleep(Duration::from_millis(70)).await;
    }
    dev.answers("10").await;
    // Nothing is left to be built: the next build is that of the next edit.
    let builds = dev.count("building ");
    project.write("src/lib.rs", &answering("11"));
    dev.answers("11").await;
    assert_eq!(dev.count("building "), builds + 1, "{}", dev.said());
}

/// While a build fails, the last good one answers; pages and the terminal show the compiler's errors.
#[tokio::test]
async fn last_good_build_serves_while_a_build_fails() {
    let project = Project::new("dev-failing", &answering("\"good\""));
    let dev = project.dev();
    dev.answers("good").await;
    project.write("src/lib.rs", &answering("undefined_name"));
    dev.says("the last good build still serves", 1).await;
    assert!(
        dev.said().contains("cannot find value `undefined_name`"),
        "{}",
        dev.said()
    );
    let answer = dev.get().await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "good"));
    let page = dev.page().await;
    assert_eq!(page.status, 500);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    assert!(
        page.text().contains("cannot find value `undefined_name`"),
        "{}",
        page.text()
    );

    // A file that the failing build lacked.
    project.write(
        "src/lib.rs",
        &("mod extra;\n".to_owned() + &answering("extra::TEXT")),
    );
    dev.says("the last good build still serves", 2).await;
    project.write(
        "src/extra.rs",
        "pub(crate) const TEXT: &str = \"mended\";\n",
    );
    dev.answers("mended").await;
    assert_eq!(dev.page().await.text(), "mended");

    // A manifest that is deleted, and comes back.
    let text = std::fs::read_to_string(project.path("Cargo.toml")).unwrap();
    std::fs::remove_file(project.path("Cargo.toml")).unwrap();
    dev.says("the last good build still serves", 3).await;
    assert_eq!(dev.get().await.text(), "mended");
    project.write("src/extra.rs", "pub(crate) const TEXT: &str = \"back\";\n");
    project.write("Cargo.toml", &text);
    dev.answers("back").await;
}

/// Before the first good build, requests get 503; a fix is built without being asked for.
#[tokio::test]
async fn broken_code_at_the_start_is_503() {
    let project = Project::new("dev-broken", "this is no code");
    let dev = project.dev();
    let early = dev.get().await;
    assert_eq!(early.status, 503);
    assert_eq!(early.header("retry-after"), Some("1"));
    dev.says("nothing is served yet", 1).await;
    assert_eq!(dev.get().await.status, 503);
    let page = dev.page().await;
    assert_eq!(page.status, 503);
    assert!(page.text().contains("expected one of"), "{}", page.text());
    project.write("src/lib.rs", &answering("\"fixed\""));
    dev.answers("fixed").await;
}

/// All functions of a workspace are served; an edit replaces only the function that it concerns.
#[tokio::test]
async fn functions_of_a_workspace_are_served() {
    let project = Project::empty("dev-two-a");
    let members = "[workspace]\nmembers = [\"a\", \"b\"]\nresolver = \"3\"\n";
    project.write("Cargo.toml", &(members.to_owned() + PROFILE));
    for (folder, name) in [("a", "dev-two-a"), ("b", "dev-two-b")] {
        project.write(&format!("{folder}/Cargo.toml"), &manifest(name, ""));
        project.write(
            &format!("{folder}/src/lib.rs"),
            &answering(&format!("{name:?}")),
        );
    }
    let dev = project.dev();
    dev.answers("dev-two-a").await;
    dev.says("built in", 1).await;
    let before = dev.client.get("/dev-two-b").await;
    assert_eq!(before.text(), "dev-two-b");
    project.write("a/src/lib.rs", &answering("\"edited\""));
    dev.answers("edited").await;
    let after = dev.client.get("/dev-two-b").await;
    let version = "x-functions-version";
    assert_eq!(after.header(version), before.header(version));
    assert_eq!(dev.count("serving "), 3, "{}", dev.said());
    assert_eq!(dev.client.get("/other").await.status, 404);
}
