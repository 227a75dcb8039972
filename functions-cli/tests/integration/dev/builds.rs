//! What starts a build, and what does not.

use super::project::{PROFILE, Project, answering, manifest};

/// Every input of the build starts one: sources, those of path dependencies, included files, the build
/// script and the manifest. Other files start none, nor does a save without a change.
#[tokio::test]
async fn inputs_start_builds() {
    let project = Project::empty("dev-inputs");
    let dependency = "dev-inputs-dep = { path = \"dep\" }";
    let text = manifest("dev-inputs", dependency) + "[workspace]\nmembers = [\"dep\"]\n" + PROFILE;
    project.write("Cargo.toml", &text);
    project.write(
        "dep/Cargo.toml",
        "[package]\nname = \"dev-inputs-dep\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    project.write("dep/src/lib.rs", "pub const NAME: &str = \"dep1\";\n");
    project.write(
        "build.rs",
        "fn main() { println!(\"cargo::rustc-env=SCRIPT=script1\"); }\n",
    );
    project.write("data/a text.txt", "text1");
    let source = "format!(\"{} {} {} {}\", dev_inputs_dep::NAME, env!(\"SCRIPT\"), \
                  include_str!(\"../data/a text.txt\"), env!(\"CARGO_PKG_VERSION\"))";
    project.write("src/lib.rs", &answering(source));
    let dev = project.dev();
    dev.answers("dep1 script1 text1 0.1.0").await;

    let builds = dev.count("building ");
    project.write("README.md", "Nobody compiles this.");
    project.write("src/unused.rs", "Nobody compiles this.");
    project.write("src/lib.rs", &answering(source));

    project.write("dep/src/lib.rs", "pub const NAME: &str = \"dep2\";\n");
    dev.answers("dep2 script1 text1 0.1.0").await;
    project.write(
        "build.rs",
        "fn main() { println!(\"cargo::rustc-env=SCRIPT=script2\"); }\n",
    );
    dev.answers("dep2 script2 text1 0.1.0").await;
    project.write("data/a text.txt", "text2");
    dev.answers("dep2 script2 text2 0.1.0").await;
    let all = dev.count("building ");
    assert_eq!(all - builds, 3, "{}", dev.said());
    project.write("Cargo.toml", &text.replacen("0.1.0", "0.2.0", 1));
    dev.answers("dep2 script2 text2 0.2.0").await;
}

/// A build that writes a source anew each time does not start itself again and again.
#[tokio::test]
async fn build_that_writes_sources_does_not_loop() {
    let project = Project::new("dev-loop", &answering("include!(\"generated.rs\") + 1"));
    // Without `rerun-if-changed`, the script runs whenever a file of the package has changed: also this one.
    project.write(
        "build.rs",
        "fn main() {\n\
         let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();\n\
         std::fs::write(\"src/generated.rs\", format!(\"{}u128\", now.as_nanos())).unwrap();\n}\n",
    );
    project.write("src/generated.rs", "0u128");
    let dev = project.dev();
    dev.says("changes with every build", 1).await;
    let builds = dev.count("building ");
    project.write(
        "src/lib.rs",
        &answering("if include!(\"generated.rs\") > 0 { \"edited\" } else { \"\" }"),
    );
    dev.answers("edited").await;
    dev.says("building ", builds + 1).await;
    assert_eq!(dev.count("building "), builds + 1, "{}", dev.said());
}
