//! Finds the components in cargo's messages.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Artifact, BuildError};

/// The component of each of `packages`, from cargo's messages, one per line.
pub(super) fn artifacts(printed: &str, packages: &[String]) -> Result<Vec<Artifact>, BuildError> {
    let mut built = Vec::new();
    // Output of a build script or a linker may stand between the messages.
    for line in printed.lines().filter(|line| line.starts_with('{')) {
        let message: Value = serde_json::from_str(line).map_err(|source| BuildError::Message {
            line: line.to_owned(),
            source: source.into(),
        })?;
        built.extend(components(&message));
    }
    packages
        .iter()
        .map(|package| {
            let mut found: Vec<PathBuf> = built
                .iter()
                .filter(|artifact| artifact.package == *package)
                .map(|artifact| artifact.wasm.clone())
                .collect();
            match (found.pop(), found.is_empty()) {
                (Some(wasm), true) => Ok(Artifact {
                    package: package.clone(),
                    wasm,
                }),
                (Some(last), false) => {
                    found.push(last);
                    Err(BuildError::SeveralComponents {
                        package: package.clone(),
                        components: found,
                    })
                }
                (None, _) => Err(BuildError::NoComponent {
                    package: package.clone(),
                }),
            }
        })
        .collect()
}

/// The components in one message.
fn components(message: &Value) -> Vec<Artifact> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if message.get("reason").and_then(text).as_deref() != Some("compiler-artifact") {
        return Vec::new();
    }
    let Some(package) = message.get("package_id").and_then(Value::as_str) else {
        return Vec::new();
    };
    let files = message.get("filenames").and_then(Value::as_array);
    files
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|file| Path::new(file).extension().is_some_and(|ext| ext == "wasm"))
        .map(|file| Artifact {
            package: package_name(package).to_owned(),
            wasm: PathBuf::from(file),
        })
        .collect()
}

/// The name in a package id.
///
/// The id is `path+file:///dir#name@1.0.0`, or `path+file:///dir/name#1.0.0` if the folder has the
/// package's name.
fn package_name(id: &str) -> &str {
    let (url, fragment) = id.rsplit_once('#').unwrap_or((id, ""));
    match fragment.split_once('@') {
        Some((name, _)) => name,
        None => {
            let path = url.split_once('?').map_or(url, |(path, _)| path);
            path.rsplit('/').next().unwrap_or(path)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(package_id: &str, files: &[&str]) -> String {
        serde_json::json!({
            "reason": "compiler-artifact",
            "package_id": package_id,
            "filenames": files,
        })
        .to_string()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    /// The order is that of the requested packages, and other built packages are ignored.
    #[test]
    fn finds_each_package() {
        let printed = [
            built(
                "registry+https://index.example#serde@1.0.0",
                &["/t/libserde.rlib"],
            ),
            built("path+file:///w/b#0.1.0", &["/t/b.wasm"]),
            "   not a message".to_owned(),
            built("path+file:///w/dependency#0.1.0", &["/t/dependency.wasm"]),
            built(
                "path+file:///w/guests/first#a@0.1.0",
                &["/t/a.wasm", "/t/liba.rlib"],
            ),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ]
        .join("\n");
        let artifacts = artifacts(&printed, &names(&["a", "b"])).unwrap();
        let found: Vec<_> = artifacts
            .iter()
            .map(|artifact| (artifact.package.as_str(), artifact.wasm.to_str().unwrap()))
            .collect();
        assert_eq!(found, [("a", "/t/a.wasm"), ("b", "/t/b.wasm")]);
    }

    /// The error names a package without a component, or with two.
    #[test]
    fn wants_one_component_each() {
        let printed = built("path+file:///w/a#0.1.0", &["/t/liba.rlib"]);
        let error = artifacts(&printed, &names(&["a"])).unwrap_err();
        assert!(matches!(error, BuildError::NoComponent { package } if package == "a"));

        let printed = built("path+file:///w/a#0.1.0", &["/t/a.wasm", "/t/b.wasm"]);
        let error = artifacts(&printed, &names(&["a"])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "package `a` gave several components: /t/a.wasm /t/b.wasm"
        );
    }

    /// The error shows an invalid message.
    #[test]
    fn shows_a_broken_message() {
        let error = artifacts("{\"reason\":", &names(&["a"])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot understand cargo's message `{\"reason\":`"
        );
        assert!(std::error::Error::source(&error).is_some());
    }

    /// The name is found in every form of a package id.
    #[test]
    fn reads_package_ids() {
        assert_eq!(package_name("path+file:///w/guest#0.1.0"), "guest");
        assert_eq!(package_name("path+file:///w/folder#guest@0.1.0"), "guest");
        assert_eq!(
            package_name("git+https://h.example/guest?branch=main#0.1.0"),
            "guest"
        );
        assert_eq!(
            package_name("git+https://h.example/r?rev=1#guest@0.1.0"),
            "guest"
        );
        assert_eq!(
            package_name("registry+https://h.example/i#guest@1.0.0+build"),
            "guest"
        );
    }
}
