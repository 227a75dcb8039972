//! Links of the documentation to other files of the repository.
#![expect(
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

use std::path::{Path, PathBuf};

/// The Markdown files below a folder, without those that builds create.
fn pages(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if name.starts_with('.') || name == "target" {
            continue;
        } else if path.is_dir() {
            pages(&path, all);
        } else if name.ends_with(".md") {
            all.push(path);
        }
    }
}

/// The files that a page links to, relative to its folder. Links to the web, to a part of the same page
/// and to items of a crate's documentation are left out.
fn links(page: &str) -> Vec<&str> {
    let texts = page.split("```").step_by(2);
    let targets = texts.flat_map(|text| text.split("](").skip(1));
    let targets = targets.filter_map(|rest| rest.split([')', '#', ' ']).next());
    targets
        .filter(|target| !target.is_empty() && !target.contains(':'))
        .collect()
}

/// Every page that another one names exists.
#[test]
fn linked_files_exist() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut all = Vec::new();
    pages(workspace, &mut all);
    let mut checked = 0;
    for page in all {
        let text = std::fs::read_to_string(&page).unwrap();
        for target in links(&text) {
            checked += 1;
            let exists = page.parent().unwrap().join(target).exists();
            assert!(
                exists,
                "{} links to {target}, which is not there",
                page.display()
            );
        }
    }
    assert!(checked > 50, "{checked} links");
}

/// Links in code and to elsewhere are not files.
#[test]
fn links_are_read() {
    let page = "[a](b.md#c) [d](https://e) [f](crate::g) [h](#i)\n```\n[j](k)\n```\n[l](m)";
    assert_eq!(links(page), ["b.md", "m"]);
}
