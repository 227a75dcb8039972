//! Folders that no store is opened on.

use super::*;

/// Two stores cannot use one folder, and the error names it as it was given.
#[test]
fn second_store_on_a_folder_is_refused() {
    let (_parent, folder) = folder();
    let _store = Store::open(&folder).unwrap();
    let error = Store::open(&folder).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    assert!(
        error.to_string().contains(folder.to_str().unwrap()),
        "{error}"
    );
}

/// A folder with files of others is refused, and left as it was.
#[test]
fn foreign_folder_is_refused() {
    let (_parent, folder) = folder();
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("thesis.txt"), "precious").unwrap();
    let error = Store::open(&folder).unwrap_err();
    assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

/// A database of another program is refused, and left as it was.
#[test]
fn foreign_database_is_refused() {
    let (_parent, folder) = folder();
    fs::create_dir(&folder).unwrap();
    let database = folder.join("functions.db");
    Connection::open(&database)
        .unwrap()
        .execute_batch("CREATE TABLE theirs (a)")
        .unwrap();
    let before = fs::read(&database).unwrap();
    let error = Store::open(&folder).unwrap_err();
    assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
    assert_eq!(fs::read(&database).unwrap(), before);
}

/// A database of a newer release is refused, and left as it was.
#[test]
fn newer_database_is_refused() {
    let (_parent, folder) = folder();
    drop(Store::open(&folder).unwrap());
    let database = folder.join("functions.db");
    Connection::open(&database)
        .unwrap()
        .pragma_update(None, "user_version", 1000)
        .unwrap();
    let before = fs::read(&database).unwrap();
    let error = Store::open(&folder).unwrap_err();
    assert!(
        matches!(error, OpenError::Newer { found: 1000, .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains(folder.to_str().unwrap()),
        "{error}"
    );
    assert_eq!(fs::read(&database).unwrap(), before);
}

/// A folder with the database's name is refused as what it is.
#[test]
fn folder_in_place_of_the_database_is_refused() {
    let (_parent, folder) = folder();
    fs::create_dir_all(folder.join("functions.db")).unwrap();
    let error = Store::open(&folder).unwrap_err();
    assert!(
        matches!(&error, OpenError::Foreign { found, .. } if found == "functions.db"),
        "{error:?}"
    );
}

/// A damaged database is refused, wherever the damage is, and left as it was.
#[tokio::test]
async fn damaged_database_is_refused() {
    let (_parent, folder) = folder();
    let store = Store::open(&folder).unwrap();
    deploy(&store, "ping", b"one").await;
    drop(store);
    let database = folder.join("functions.db");
    let whole = fs::read(&database).unwrap();
    // The magic, the schema, and a page of a table.
    for (start, length) in [(0, 16), (100, 900), (3 * 4096, 4096)] {
        let mut damaged = whole.clone();
        damaged[start..start + length].fill(0xa5);
        fs::write(&database, &damaged).unwrap();
        let error = Store::open(&folder).unwrap_err();
        assert!(
            matches!(error, OpenError::Damaged { .. }),
            "{start}: {error:?}"
        );
        assert!(
            error.to_string().contains(folder.to_str().unwrap()),
            "{error}"
        );
        assert_eq!(fs::read(&database).unwrap(), damaged);
    }
    fs::write(&database, &whole[..whole.len() / 2]).unwrap();
    let error = Store::open(&folder).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "cut: {error:?}");
}

/// A database without one of its tables is damaged, and its components are kept.
#[tokio::test]
async fn database_without_a_table_is_refused() {
    let (_parent, folder) = folder();
    let store = Store::open(&folder).unwrap();
    deploy(&store, "ping", b"one").await;
    drop(store);
    Connection::open(folder.join("functions.db"))
        .unwrap()
        .execute_batch("DROP TABLE versions")
        .unwrap();
    let error = Store::open(&folder).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains("versions"), "{error}");
    let components = fs::read_dir(folder.join("artifacts")).unwrap();
    assert_eq!(components.count(), 1);
}

/// A database that this user may only read is refused as such. (Root may write everything.)
#[cfg(unix)]
#[test]
fn read_only_database_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_parent, folder) = folder();
    drop(Store::open(&folder).unwrap());
    let database = folder.join("functions.db");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o400)).unwrap();
    if fs::File::options().write(true).open(&database).is_ok() {
        return;
    }
    let error = Store::open(&folder).unwrap_err();
    assert!(matches!(error, OpenError::Inaccessible { .. }), "{error:?}");
}

/// Components without a database that names them are kept, also if the database is empty.
#[tokio::test]
async fn components_without_a_database_are_kept() {
    let (_parent, folder) = folder();
    let store = Store::open(&folder).unwrap();
    deploy(&store, "ping", b"one").await;
    drop(store);
    let database = folder.join("functions.db");
    let backup = fs::read(&database).unwrap();
    for lose in [
        &(|| fs::remove_file(&database)) as &dyn Fn() -> std::io::Result<()>,
        &|| fs::write(&database, ""),
    ] {
        lose().unwrap();
        let was_there = database.exists();
        for _ in 0..2 {
            let error = Store::open(&folder).unwrap_err();
            assert!(matches!(error, OpenError::NoDatabase { .. }), "{error:?}");
            assert_eq!(database.exists(), was_there);
        }
        fs::write(&database, &backup).unwrap();
        let store = Store::open(&folder).unwrap();
        let current = store.read(|connection| functions::current(connection, "ping"));
        let digest = current.await.unwrap().unwrap().digest;
        assert!(store.artifacts().is_intact(digest));
    }
}

/// A file where the folder, or one above it, should be is refused.
#[test]
fn file_instead_of_a_folder_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, OpenError::NotAFolder { .. }), "{error:?}");
    }
}
