//! Puts a command's files behind its component.

use std::collections::{BTreeMap, BTreeSet};

use super::path::{self, MAX_FILES};
use super::program::Index;
use crate::compile::appendix;

/// A path cannot be that of a file in a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPath {
    /// It is empty, absolute, too long, or leads out of its folder.
    #[error("{0:?} is not the path of a file: expected names joined by /, within the bundle")]
    Path(String),
    /// It is that of a folder and of a file.
    #[error("{0:?} is both a file and a folder")]
    Both(String),
    /// There are too many files.
    #[error("there are more than {MAX_FILES} files and folders")]
    TooMany,
}

/// What a command is deployed with besides its component: the first of its arguments, and the files that it
/// finds in `/`.
///
/// A command is a component that exports `wasi:cli/run`. It becomes a function that runs it once for each POST:
/// the body is its last argument, and what it prints the response.
///
/// ```
/// use host_harness::CommandBundle;
///
/// # fn bundle(component: &[u8]) -> Result<Vec<u8>, host_harness::InvalidPath> {
/// let mut bundle = CommandBundle::new(["python.wasm", "/main.py"]);
/// bundle.file("main.py", b"print('hello')")?;
/// let deployable = bundle.write(component);
/// # deployable
/// # }
/// ```
#[derive(Debug, Default)]
pub struct CommandBundle {
    index: Index,
    /// By path: the first byte and the length.
    files: BTreeMap<String, (u64, u64)>,
    folders: BTreeSet<String>,
    content: Vec<u8>,
}

impl CommandBundle {
    /// A bundle without files. The first argument is the program's name.
    pub fn new(arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self {
            index: Index {
                arguments,
                ..Index::default()
            },
            ..Self::default()
        }
    }

    /// Passes missing parameters as an empty last argument. Otherwise they are left out.
    pub fn always_params(&mut self) {
        self.index.always_params = true;
    }

    /// Adds a file. It replaces one that has the same path.
    ///
    /// # Errors
    ///
    /// The path is invalid, or there are too many files.
    pub fn file(&mut self, path: &str, content: &[u8]) -> Result<(), InvalidPath> {
        let path = self.added(path)?;
        let (start, length) = (self.content.len() as u64, content.len() as u64);
        self.content.extend_from_slice(content);
        self.files.insert(path, (start, length));
        Ok(())
    }

    /// Adds a folder, also if no file is in it.
    ///
    /// # Errors
    ///
    /// As for [`file`](Self::file).
    pub fn folder(&mut self, path: &str) -> Result<(), InvalidPath> {
        let path = self.added(path)?;
        self.folders.insert(path);
        Ok(())
    }

    /// Adds the component itself as a file, which takes no further room.
    ///
    /// # Errors
    ///
    /// As for [`file`](Self::file).
    pub fn component(&mut self, path: &str) -> Result<(), InvalidPath> {
        self.index.component = Some(self.added(path)?);
        Ok(())
    }

    fn added(&self, path: &str) -> Result<String, InvalidPath> {
        let resolved = path::resolve("", path).ok().filter(|path| !path.is_empty());
        let resolved = resolved.ok_or_else(|| InvalidPath::Path(path.to_owned()))?;
        if self.files.len() + self.folders.len() >= MAX_FILES {
            return Err(InvalidPath::TooMany);
        }
        Ok(resolved)
    }

    /// The component with the bundle behind it, to be deployed as a component is.
    ///
    /// # Errors
    ///
    /// A path is both a file's and a folder's.
    pub fn write(mut self, component: &[u8]) -> Result<Vec<u8>, InvalidPath> {
        self.check()?;
        let files = self.files.into_iter();
        let files = files.map(|(path, (start, length))| (path, start, length));
        self.index.files = files.collect();
        self.index.folders = self.folders.into_iter().collect();
        // A structure of texts and numbers is always JSON.
        let index = serde_json::to_vec(&self.index).unwrap_or_default();
        Ok(appendix::append(component, &index, &[&self.content]))
    }

    fn check(&self) -> Result<(), InvalidPath> {
        let component = self.index.component.as_deref();
        let is_file = |at: &str| self.files.contains_key(at) || component == Some(at);
        let files = self.files.keys().map(String::as_str).chain(component);
        let folders = self.folders.iter().map(String::as_str);
        let mut known = BTreeSet::new();
        for at in folders.chain(files.filter_map(path::parent)) {
            let mut folder = Some(at);
            // Those above a folder that is known are known too.
            while let Some(at) = folder.filter(|at| !at.is_empty() && known.insert(*at)) {
                if is_file(at) {
                    return Err(InvalidPath::Both(at.to_owned()));
                }
                folder = path::parent(at);
            }
            // A deep path is one of many folders, each of which takes memory.
            if self.files.len() + known.len() > MAX_FILES {
                return Err(InvalidPath::TooMany);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Node, Program};
    use crate::compile::ComponentBytes;
    use crate::message::held_bodies::HeldBodies;

    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    /// Folders above files count: a deep path is one of many folders.
    #[test]
    fn deep_paths_are_bounded() {
        let mut bundle = CommandBundle::new(["x.wasm"]);
        for number in 0..20 {
            let path = format!("{number}/{}x", "a/".repeat(1900));
            bundle.file(&path, b"").unwrap();
        }
        let refused = bundle.write(COMPONENT);
        assert!(matches!(refused, Err(InvalidPath::TooMany)));
    }

    /// A bundle is read as it was written.
    #[test]
    fn bundle_is_read() {
        let mut bundle = CommandBundle::new(["x.wasm", "/main.py"]);
        bundle.file("./main.py", b"old").unwrap();
        bundle.file("main.py", b"print()").unwrap();
        bundle.folder("empty").unwrap();
        bundle.component("bin/x.wasm").unwrap();
        let bytes = bundle.write(COMPONENT).unwrap();
        let read = ComponentBytes::new(bytes);
        assert_eq!(read.bytes, COMPONENT);
        let program = Program::new("f", read.appendix.as_ref()).unwrap();
        assert_eq!(program.arguments(Some("{}")), ["x.wasm", "/main.py", "{}"]);
        assert_eq!(program.arguments(None), ["x.wasm", "/main.py"]);
        let files = program.file_system(HeldBodies::new(0));
        for (path, content) in [("main.py", &b"print()"[..]), ("bin/x.wasm", COMPONENT)] {
            let Ok(Node::ReadOnly(file)) = files.get("", path) else {
                panic!("{path}");
            };
            assert_eq!(file.in_memory(0, 100).unwrap(), content);
        }
        assert!(matches!(files.get("", "empty"), Ok(Node::Folder(_))));
    }

    /// Paths that no folder could have are refused.
    #[test]
    fn impossible_paths_are_refused() {
        let mut bundle = CommandBundle::new(["x"]);
        for path in ["", "/etc/passwd", "../x", "a/../../b", "a\0"] {
            assert!(matches!(bundle.file(path, b""), Err(InvalidPath::Path(_))));
        }
        bundle.file("a", b"").unwrap();
        bundle.file("a/b", b"").unwrap();
        let both = InvalidPath::Both("a".to_owned());
        assert_eq!(bundle.write(COMPONENT), Err(both));
        let mut many = CommandBundle::new(["x"]);
        let added = (0..=MAX_FILES).map(|number| many.folder(&number.to_string()));
        assert_eq!(added.filter(Result::is_ok).count(), MAX_FILES);
    }

    /// An index that somebody made up is refused, instead of reading elsewhere.
    #[test]
    fn forged_indexes_are_refused() {
        for index in [
            "",
            "[]",
            r#"{"arguments":[],"files":[["a",0,5]]}"#,
            r#"{"arguments":[],"files":[["a",18446744073709551615,1]]}"#,
            r#"{"arguments":[],"files":[["a",1,18446744073709551615]]}"#,
            r#"{"arguments":[],"files":[["../a",0,1]]}"#,
            r#"{"arguments":[],"files":[["a",0,1],["a/b",0,1]]}"#,
            r#"{"arguments":[],"folders":["a"],"component":"a"}"#,
        ] {
            let bytes = appendix::append(COMPONENT, index.as_bytes(), &[b"four"]);
            let read = ComponentBytes::new(bytes);
            assert!(
                Program::new("f", read.appendix.as_ref()).is_err(),
                "{index}"
            );
        }
    }
}
