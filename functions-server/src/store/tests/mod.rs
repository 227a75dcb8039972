mod closing;
mod refused;

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc;

use super::artifacts::Pin;
use super::functions::NewVersion;
use super::*;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    (parent, folder)
}

fn new_version(store: &Store, name: &str, bytes: &[u8]) -> (NewVersion, Pin) {
    let mut upload = store.artifacts().upload().unwrap();
    upload.write(bytes).unwrap();
    let uploaded = upload.finish();
    let new = NewVersion {
        function: name.to_owned(),
        digest: uploaded.digest,
        size: i64::try_from(uploaded.length).unwrap(),
        settings: "{}".to_owned(),
        secrets: None,
        created: Time::now(),
    };
    (new, store.artifacts().keep(uploaded).unwrap())
}

async fn deploy(store: &Store, name: &str, bytes: &[u8]) -> i64 {
    let (new, _pin) = new_version(store, name, bytes);
    store
        .write(move |connection| functions::add(connection, &new))
        .await
        .unwrap()
        .number
}

/// Makes the writer's thread wait until the returned sender sends.
async fn hold(store: &Arc<Store>) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let (store, mut started) = (store.clone(), Some(started));
    tokio::spawn(async move {
        store
            .write(move |_| {
                if let Some(started) = started.take() {
                    started.send(()).unwrap();
                    held.recv().unwrap();
                }
                Ok(())
            })
            .await
            .unwrap();
    });
    has_started.await.unwrap();
    release
}

/// What was acknowledged is there when the folder is opened again.
#[tokio::test]
async fn acknowledged_writes_survive_reopening() {
    let (_parent, folder) = folder();
    let store = Store::open(&folder).unwrap();
    assert_eq!(deploy(&store, "ping", b"one").await, 1);
    assert_eq!(deploy(&store, "ping", b"two").await, 2);
    drop(store);

    let store = Store::open(&folder).unwrap();
    let current = store
        .read(|connection| functions::current(connection, "ping"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(current.number, 2);
    assert_eq!(
        fs::read(store.artifacts().path(current.digest)).unwrap(),
        b"two"
    );
}

/// Numbers only grow, also after a function was deleted and created again.
#[tokio::test]
async fn numbers_grow_beyond_a_deletion() {
    let (_parent, folder) = folder();
    let store = Store::open(&folder).unwrap();
    deploy(&store, "ping", b"one").await;
    deploy(&store, "ping", b"two").await;
    let digests = store
        .write(|connection| functions::delete(connection, "ping"))
        .await
        .unwrap();
    assert_eq!(digests.unwrap().len(), 2);
    assert_eq!(
        store
            .write(|connection| functions::delete(connection, "ping"))
            .await
            .unwrap(),
        None
    );
    assert_eq!(deploy(&store, "ping", b"one").await, 3);
}

/// Writes that wait share one transaction, and one that fails does not undo the others.
#[tokio::test]
async fn waiting_writes_share_a_commit_and_failures_stay_alone() {
    let (_parent, folder) = folder();
    let store = Arc::new(Store::open(&folder).unwrap());
    let release = hold(&store).await;
    let before = store.commits();

    let (new, _pin) = new_version(&store, "seen", b"seen");
    let mut writes = Vec::new();
    for number in 0..50 {
        let (store, mut new) = (store.clone(), new.clone());
        writes.push(tokio::spawn(async move {
            new.function = format!("f{number}");
            let insert = move |connection: &Connection| {
                functions::add(connection, &new)?;
                if number == 25 {
                    // Violates a constraint, after the row above.
                    connection.execute("INSERT INTO probe VALUES (2, 0)", [])?;
                }
                Ok(())
            };
            store.write(insert).await
        }));
    }
    // All of them have been passed to the writer, which the first still holds.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    let mut failed = Vec::new();
    for (number, write) in writes.into_iter().enumerate() {
        if write.await.unwrap().is_err() {
            failed.push(number);
        }
    }
    assert_eq!(failed, [25]);
    assert_eq!(
        store.commits() - before,
        2,
        "one for the first, one for all others"
    );
    let listed = store
        .read(|connection| functions::list(connection, "", 100))
        .await
        .unwrap();
    assert_eq!(listed.len(), 49);
    assert!(listed.iter().all(|row| row.function != "f25"));
}

/// A full disk is an error that says so and loses nothing, also for writes that shared the transaction.
#[tokio::test]
async fn full_disk_is_an_error_that_loses_nothing() {
    let (_parent, folder) = folder();
    let store = Arc::new(Store::open(&folder).unwrap());
    deploy(&store, "kept", b"kept").await;
    let pages: i64 = store
        .write(|connection| {
            let pages =
                connection.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0))?;
            connection.pragma_update_and_check(None, "max_page_count", pages + 2, |row| row.get(0))
        })
        .await
        .unwrap();
    assert!(pages > 0);

    let release = hold(&store).await;
    let (new, _pin) = new_version(&store, "any", b"any");
    let attempt = |name: &str, length: usize| {
        let (store, mut new) = (store.clone(), new.clone());
        new.function = name.to_owned();
        new.settings = "x".repeat(length);
        tokio::spawn(async move {
            store
                .write(move |connection| functions::add(connection, &new))
                .await
        })
    };
    let (small, large, other) = (
        attempt("small", 10),
        attempt("large", 1 << 20),
        attempt("other", 10),
    );
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    small.await.unwrap().unwrap();
    assert!(matches!(large.await.unwrap(), Err(StoreError::Full)));
    other.await.unwrap().unwrap();
    drop(store);
    let store = Store::open(&folder).unwrap();
    let listed = store
        .read(|connection| functions::list(connection, "", 100))
        .await
        .unwrap();
    let names: Vec<_> = listed.iter().map(|row| row.function.as_str()).collect();
    assert_eq!(names, ["kept", "other", "small"]);
}

/// What a killed process left of uploads and deploys is deleted at the start, and nothing else.
#[tokio::test]
async fn leftovers_are_deleted_at_the_start() {
    let (_parent, folder) = folder();
    let store = Store::open(&folder).unwrap();
    deploy(&store, "ping", b"named").await;
    let (unnamed, pin) = new_version(&store, "ping", b"unnamed");
    let unnamed = store.artifacts().path(unnamed.digest);
    drop(pin);
    drop(store);
    let half = folder.join("uploads/half");
    fs::write(&half, b"ha").unwrap();

    let store = Store::open(&folder).unwrap();
    assert!(!half.exists() && !unnamed.exists());
    let current = store
        .read(|connection| functions::current(connection, "ping"))
        .await
        .unwrap()
        .unwrap();
    assert!(store.artifacts().is_intact(current.digest));
}

/// A component is deleted with the last version that has it, unless a deploy needs it.
#[tokio::test]
async fn components_go_with_their_last_version() {
    let (_parent, folder) = folder();
    let store = Store::open(&folder).unwrap();
    deploy(&store, "a", b"shared").await;
    deploy(&store, "b", b"shared").await;
    let mut digests = Vec::new();
    for name in ["a", "b"] {
        if let Some(digest) = digests.first() {
            assert!(store.artifacts().is_intact(*digest), "b still has it");
        }
        digests = store
            .write(move |connection| functions::delete(connection, name))
            .await
            .unwrap()
            .unwrap();
        let pin = (name == "b").then(|| store.artifacts().pin(digests[0]));
        store.delete_unnamed(digests.clone()).await;
        if pin.is_some() {
            assert!(store.artifacts().is_intact(digests[0]), "a deploy needs it");
        }
    }
    store.delete_unnamed(digests.clone()).await;
    assert!(!store.artifacts().is_intact(digests[0]));
}

/// Other users of the machine can read neither settings nor components, also in a folder that they can list.
#[cfg(unix)]
#[tokio::test]
async fn other_users_can_read_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_parent, folder) = folder();
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let store = Store::open(&folder).unwrap();
    deploy(&store, "ping", b"one").await;
    let mut seen = 0;
    for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        if name != "lock" {
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name:?}");
            seen += 1;
        }
    }
    assert!(seen >= 5, "{seen}");
}

/// The store says that it can be written.
#[tokio::test]
async fn store_is_writable() {
    let (_parent, folder) = folder();
    Store::open(&folder)
        .unwrap()
        .check_writable()
        .await
        .unwrap();
}

/// Times are read with any offset, and written in UTC.
#[test]
fn times_are_rfc_3339() {
    let time = Time::parse("2026-11-26T14:15:00+02:00").unwrap();
    assert_eq!(time.to_string(), "2026-11-26T12:15:00.000Z");
    assert_eq!(Time::parse("tomorrow"), None);
}
