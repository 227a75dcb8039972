use crate::store::{Store, Time};

use super::*;

fn new(id: QueuedId, source: &'static str) -> NewInvocation {
    NewInvocation {
        id,
        source,
        name: None,
        function: "f".to_owned(),
        key: None,
        accepted: Time(1),
        request: StoredMessage {
            head: "{}".to_owned(),
            body: bytes::Bytes::new(),
        },
    }
}

/// What was cancelled, or failed because the process ended too often, is kept as long as other results of its API.
#[test]
fn each_source_has_its_own_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("data")).unwrap();
    let expiry = || Expiry {
        default: Time(1000),
        own: vec![("node", Time(10))],
    };
    let ids = [1, 2, 3, 4].map(|number| QueuedId([number; 16]));
    let [cancelled, killed, others_cancelled, others_killed] = ids;
    let expires = store.write_blocking(move |connection| {
        for (id, source) in ids.into_iter().zip(["node", "node", "http", "http"]) {
            add(connection, &new(id, source))?;
        }
        claim(connection, &[killed, others_killed], Time(2))?;
        for id in [cancelled, others_cancelled] {
            assert_eq!(
                cancel(connection, id, Time(3), &expiry())?.as_deref(),
                Some("f")
            );
            assert_eq!(cancel(connection, id, Time(3), &expiry())?, None);
        }
        assert_eq!(recover(connection, 1, Time(4), &expiry())?, []);
        let expires = |id| {
            connection.query_row(
                "SELECT expires FROM invocations WHERE id = ?1",
                [id],
                |row| row.get::<_, i64>(0),
            )
        };
        ids.into_iter()
            .map(expires)
            .collect::<rusqlite::Result<Vec<_>>>()
    });
    assert_eq!(expires.unwrap(), [10, 10, 1000, 1000]);
}

/// Only what ran is interrupted: what waits stays as it is.
#[test]
fn what_waits_is_not_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("data")).unwrap();
    let ids = [1, 2].map(|number| QueuedId([number; 16]));
    let rows = store.write_blocking(move |connection| {
        for id in ids {
            add(connection, &new(id, "node"))?;
        }
        let expiry = Expiry {
            default: Time(1000),
            own: Vec::new(),
        };
        for _ in 0..3 {
            claim(connection, &[ids[0]], Time(2))?;
            let unfinished = recover(connection, 10, Time(3), &expiry)?;
            assert_eq!(unfinished.len(), 2);
        }
        let row = |id: QueuedId| get(connection, id).map(Option::unwrap);
        ids.into_iter()
            .map(row)
            .collect::<rusqlite::Result<Vec<_>>>()
    });
    let attempts = |row: &InvocationRow| (row.attempts, row.interruptions);
    let attempts: Vec<_> = rows.unwrap().iter().map(attempts).collect();
    assert_eq!(attempts, [(3, 3), (0, 0)]);
}
