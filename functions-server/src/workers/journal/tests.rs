use super::*;
use crate::store::Time;
use crate::store::workers::{self, WorkerRow};

fn opened() -> (tempfile::TempDir, Arc<Store>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(folder.path()).unwrap());
    (folder, store)
}

async fn worker(store: &Store) -> i64 {
    let row = WorkerRow {
        id: 0,
        component: "c".to_owned(),
        name: "w".to_owned(),
        version: 0,
        args: "[]".to_owned(),
        env: "{}".to_owned(),
        memory: 1 << 20,
        created: Time::now(),
        state: StoredState::Idle,
        error: None,
        updates: "[]".to_owned(),
        resources: "{}".to_owned(),
        memory_used: 0,
        queued: 0,
    };
    let created = store.write(move |connection| workers::create(connection, &row));
    created.await.unwrap().unwrap().id
}

async fn load(store: &Arc<Store>, worker: i64, limit: u64) -> Arc<Journal> {
    let rows = store.read(move |connection| workers::read(connection, worker));
    Journal::new(
        store.clone(),
        worker,
        rows.await.unwrap(),
        Stored {
            state: StoredState::Idle,
            results: 0,
        },
        &JournalLimits {
            length: limit,
            results: 2,
            snapshot_after: 0,
        },
    )
    .unwrap()
}

/// Only so many results are kept: the latest ones.
#[tokio::test]
async fn oldest_results_are_deleted() {
    let (_folder, store) = opened();
    let worker = worker(&store).await;
    let journal = load(&store, worker, 1 << 20).await;
    for key in ["a", "b", "c", "d"] {
        journal.add_result(key.to_owned(), &InvocationOutcome::Exited);
        let flush = journal.flush();
        journal.written(flush).await.unwrap();
    }
    let kept = store.read(move |connection| {
        let keys = ["a", "b", "c", "d"].map(|key| workers::result(connection, "c", "w", key));
        keys.into_iter()
            .map(|found| Ok(found?.is_some()))
            .collect::<rusqlite::Result<Vec<_>>>()
    });
    assert_eq!(kept.await.unwrap(), [false, false, true, true]);
}

/// What was flushed comes back in order, answers by number, and then the journal is live.
#[tokio::test]
async fn journal_is_read_as_it_was_written() {
    let (_folder, store) = opened();
    let id = worker(&store).await;
    let journal = load(&store, id, 1 << 20).await;
    assert!(!journal.is_replaying());
    journal.add(&JournalEntry::Number(1)).unwrap();
    journal.flush();
    let answer = RequestOutcome::Failed("dns".to_owned(), "no such name".to_owned());
    let done = JournalEntry::Done {
        number: 4,
        answer: answer.clone(),
    };
    journal.add(&done).unwrap();
    journal.add(&JournalEntry::Number(2)).unwrap();
    journal.add_result("k".to_owned(), &InvocationOutcome::Exited);
    let last = journal.flush();
    journal.written(last).await.unwrap();

    let again = load(&store, id, 1 << 20).await;
    assert!(again.is_replaying());
    assert_eq!(again.answer(4), Some(answer));
    assert_eq!(again.next(), Some(JournalEntry::Number(1)));
    assert_eq!(again.next(), Some(JournalEntry::Number(2)));
    assert_eq!(again.next(), None);
    again.live().await;
    let found = store.read(|connection| workers::result(connection, "c", "w", "k"));
    let found = InvocationOutcome::from_bytes(&found.await.unwrap().unwrap());
    assert_eq!(found, Some(InvocationOutcome::Exited));
}

/// Nothing is acknowledged after a row that could not be written.
#[tokio::test]
async fn journal_of_a_deleted_worker_is_not_written() {
    let (_folder, store) = opened();
    let id = worker(&store).await;
    let journal = load(&store, id, 1 << 20).await;
    let deleted = store.write(move |connection| {
        workers::delete(connection, "c", "w")?;
        workers::clear(connection, id)
    });
    assert!(deleted.await.unwrap());
    journal.add(&JournalEntry::Number(1)).unwrap();
    let flush = journal.flush();
    assert!(journal.written(flush).await.is_err());
    assert!(journal.is_broken());
}

/// A journal beyond its limit takes no invocation, and beyond a quarter more the end of one, and nothing else.
#[tokio::test]
async fn journal_beyond_its_limit_takes_no_entries() {
    let (_folder, store) = opened();
    let id = worker(&store).await;
    let journal = load(&store, id, 100).await;
    journal.add(&JournalEntry::Bytes(vec![0; 100])).unwrap();
    assert!(journal.check_length(0).is_err());
    // What has begun has some room.
    journal.add(&JournalEntry::Bytes(vec![0; 25])).unwrap();
    assert!(journal.add(&JournalEntry::Number(1)).is_err());
    journal
        .add(&JournalEntry::End(InvocationOutcome::Exited))
        .unwrap();
}

/// Invocations come back as they were written, over restarts, and in fewer bytes from the second on.
#[tokio::test]
async fn invocations_come_back_over_restarts() {
    let (_folder, store) = opened();
    let id = worker(&store).await;
    let start = |key: String| JournalEntry::Start {
        key,
        function: "interface.{function-of-some-length}".to_owned(),
        params: "[]".to_owned(),
        at: 7,
    };
    let mut written = Vec::new();
    for life in 0..3 {
        let journal = load(&store, id, 1 << 20).await;
        for entry in &written {
            assert!(journal.is_replaying());
            assert_eq!(journal.next().as_ref(), Some(entry));
        }
        assert_eq!(journal.next_start(), None);
        for _ in 0..2 {
            let entries = [
                start(uuid::Uuid::new_v4().to_string()),
                JournalEntry::Ended { hash: life },
            ];
            for entry in entries {
                journal.add(&entry).unwrap();
                written.push(entry);
            }
            let flush = journal.flush();
            journal.written(flush).await.unwrap();
        }
    }
    let rows = store.read(move |connection| workers::read(connection, id));
    let lengths: Vec<_> = rows.await.unwrap().rows.iter().map(Vec::len).collect();
    assert!(
        lengths[1..].iter().all(|length| *length < lengths[0] / 2),
        "{lengths:?}"
    );
}
