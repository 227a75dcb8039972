//! Where new crates take the SDK from.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use toml_edit::{InlineTable, Value};

use crate::value::argument::InvalidArgument;

/// A crate that only the SDK has.
const MARK: &str = "functions-guest-web";

/// The SDK's crates.
pub(super) enum Sdk {
    /// In a folder, by absolute path.
    Folder(PathBuf),
    /// From the registry, in this command's version.
    Published,
}

impl Sdk {
    /// The folder that was named, or that this command was built from; otherwise the registry.
    pub(super) fn find(named: Option<PathBuf>) -> anyhow::Result<Self> {
        let has_sdk = |folder: &Path| folder.join(MARK).join("Cargo.toml").is_file();
        if let Some(folder) = named {
            if !has_sdk(&folder) {
                return Err(InvalidArgument::new(format!(
                    "{} has no {MARK}: --sdk-path names the folder of this project's sources",
                    folder.display()
                ))
                .into());
            }
            let folder = folder.canonicalize();
            return Ok(Self::Folder(folder.context("cannot find the SDK")?));
        }
        let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        Ok(match built_from.filter(|folder| has_sdk(folder)) {
            Some(folder) => Self::Folder(folder.to_owned()),
            None => Self::Published,
        })
    }

    /// The dependency on a crate of the SDK, as Cargo.toml has it.
    pub(super) fn dependency(&self, name: &str, features: &[&str]) -> Value {
        let mut table = InlineTable::new();
        match self {
            Self::Folder(folder) => {
                table.insert("path", folder.join(name).to_string_lossy().as_ref().into());
            }
            Self::Published => {
                table.insert("version", env!("CARGO_PKG_VERSION").into());
            }
        }
        with_features(table, features)
    }
}

/// A dependency with features.
pub(super) fn with_features(mut table: InlineTable, features: &[&str]) -> Value {
    if !features.is_empty() {
        table.insert("features", Value::Array(features.iter().copied().collect()));
    }
    Value::InlineTable(table)
}
