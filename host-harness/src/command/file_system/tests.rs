use super::*;
use crate::compile::appendix::Whole;

fn file_system() -> FileSystem {
    let whole = Whole::Bytes(b"0123456789".as_slice().into());
    let mut files = ReadOnlyFiles::default();
    let file = |start, length| Some(ReadOnlyFile::new(whole.clone(), start, length));
    files.add("main.py", file(2, 3)).unwrap();
    files.add("lib/a.py", file(0, 1)).unwrap();
    files.add("tmp/hidden", file(0, 1)).unwrap();
    files.add("z", None).unwrap();
    FileSystem::new(Arc::new(files), HeldBodies::new(1 << 20))
}

fn create() -> OpenOptions {
    OpenOptions {
        write: true,
        create: true,
        ..OpenOptions::default()
    }
}

/// The bundle's files are read, and nothing of them changes.
#[test]
fn root_is_read_only() {
    let files = file_system();
    let Ok(Node::ReadOnly(file)) = files.get("", "lib/../main.py") else {
        panic!("no file");
    };
    assert_eq!(file.in_memory(0, 10).unwrap(), "234");
    assert_eq!(file.in_memory(2, 10).unwrap(), "4");
    assert_eq!(file.in_memory(9, 10).unwrap(), "");
    let next = |after: Option<&str>| files.next("", after).unwrap().map(|(name, _)| name);
    let names: Vec<_> = std::iter::successors(next(None), |name| next(Some(name))).collect();
    assert_eq!(names, ["tmp", "lib", "main.py", "z"]);
    assert_eq!(
        files.open("", "main.py", create()).err(),
        Some(FileError::ReadOnly)
    );
    assert_eq!(
        files.open("lib", "new", create()).err(),
        Some(FileError::ReadOnly)
    );
    assert_eq!(
        files.open("lib", "../tmp/a", create()).err(),
        Some(FileError::Outside)
    );
    assert_eq!(files.remove_file("", "main.py"), Err(FileError::ReadOnly));
    assert_eq!(files.create_folder("", "new"), Err(FileError::ReadOnly));
    let renamed = files.rename(("", "main.py"), ("tmp", "main.py"));
    assert_eq!(renamed, Err(FileError::ReadOnly));
    assert_eq!(
        files.get("", "main.py/x").err(),
        Some(FileError::NotAFolder)
    );
    assert_eq!(files.get("", "main.py/").err(), Some(FileError::NotAFolder));
    assert_eq!(files.get("", "missing/x").err(), Some(FileError::Missing));
    assert_eq!(
        files.get("", "main.py/x/y").err(),
        Some(FileError::NotAFolder)
    );
    let deep = "d/".repeat(2000);
    assert_eq!(files.get("", &deep).err(), Some(FileError::Missing));
    assert_eq!(files.get("", "tmp/hidden").err(), Some(FileError::Missing));
}

/// Files are created in `/tmp`, by either name of the folder, and opened as they are asked for.
#[test]
fn tmp_is_writable() {
    let files = file_system();
    let Ok(Node::Temporary(file)) = files.open(TMP, "a", create()) else {
        panic!("no file");
    };
    file.write(None, b"text").unwrap();
    assert!(matches!(files.get("", "tmp/a"), Ok(Node::Temporary(_))));
    let exclusive = OpenOptions {
        exclusive: true,
        ..create()
    };
    assert_eq!(
        files.open(TMP, "a", exclusive).err(),
        Some(FileError::Exists)
    );
    let truncate = OpenOptions {
        truncate: true,
        ..create()
    };
    files.open(TMP, "a", truncate).unwrap();
    assert_eq!(file.len(), 0);
    assert_eq!(
        files.open("", "tmp", create()).err(),
        Some(FileError::IsAFolder)
    );
    assert_eq!(
        files.open(TMP, "x/y", create()).err(),
        Some(FileError::Missing)
    );
    files.rename((TMP, "a"), ("", "tmp/b")).unwrap();
    assert_eq!(files.next(TMP, None), Ok(Some(("b".to_owned(), false))));
    files.write("/tmp/params.json", b"{}").unwrap();
    let params = files.temporary_file("/tmp/params.json").unwrap();
    assert_eq!(params.read(0, 9), b"{}");
    assert_eq!(files.remove_folder("", "tmp"), Err(FileError::Busy));
}
