use rusqlite::Connection;

use super::*;
use crate::store::Time;

fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .pragma_update(None, "foreign_keys", true)
        .unwrap();
    connection
        .execute_batch(include_str!("../workers.sql"))
        .unwrap();
    connection
}

fn new(name: &str) -> WorkerRow {
    WorkerRow {
        id: 0,
        component: "c".to_owned(),
        name: name.to_owned(),
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
    }
}

fn flush(worker: i64, seq: u64) -> Flush {
    Flush {
        worker,
        seq,
        data: vec![1],
        ..Flush::default()
    }
}

/// A row that does not follow the last one is refused: the journal never has a gap.
#[test]
fn journal_row_after_a_lost_one_is_refused() {
    let connection = database();
    let worker = create(&connection, &new("w")).unwrap().unwrap().id;
    append(&connection, &flush(worker, 0)).unwrap();
    assert!(append(&connection, &flush(worker, 2)).is_err());
    append(&connection, &flush(worker, 1)).unwrap();
    assert_eq!(read(&connection, worker).unwrap().rows.len(), 2);
}

/// What was on its way to a deleted worker is refused, and the name's next worker begins empty.
#[test]
fn journal_of_a_deleted_worker_is_gone() {
    let connection = database();
    let worker = create(&connection, &new("w")).unwrap().unwrap().id;
    append(&connection, &flush(worker, 0)).unwrap();
    assert_eq!(delete(&connection, "c", "w").unwrap(), Some(worker));
    assert!(clear(&connection, worker).unwrap());
    let next = create(&connection, &new("w")).unwrap().unwrap().id;
    assert!(next > worker);
    assert!(append(&connection, &flush(worker, 0)).is_err());
    assert!(read(&connection, next).unwrap().rows.is_empty());
}

/// What a deleted worker has goes in pieces, and meanwhile nobody finds it, also at the next start.
#[test]
fn deleted_worker_goes_in_pieces() {
    let connection = database();
    let worker = create(&connection, &new("w")).unwrap().unwrap().id;
    for seq in 0..2500 {
        append(&connection, &flush(worker, seq)).unwrap();
    }
    set_state(&connection, worker, StoredState::Running, None).unwrap();
    assert_eq!(delete(&connection, "c", "w").unwrap(), Some(worker));
    assert_eq!(delete(&connection, "c", "w").unwrap(), None);
    assert!(find(&connection, "c", "w").unwrap().is_none());
    let next = create(&connection, &new("w")).unwrap().unwrap().id;
    append(&connection, &flush(next, 0)).unwrap();
    // A write that was on its way.
    set_state(&connection, worker, StoredState::Running, None).unwrap();
    assert!(unfinished(&connection).unwrap().is_empty());

    let mut pieces = 1;
    while !clear(&connection, worker).unwrap() {
        assert_eq!(deleted(&connection).unwrap(), [worker]);
        pieces += 1;
    }
    assert_eq!(pieces, 3);
    assert!(deleted(&connection).unwrap().is_empty());
    assert_eq!(read(&connection, next).unwrap().rows.len(), 1);
    let rows: i64 = connection
        .query_row("SELECT count(*) FROM worker_journal", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 1);
}

/// A first row takes the place of all before it, and the next one follows.
#[test]
fn first_row_replaces_all_before() {
    let connection = database();
    let worker = create(&connection, &new("w")).unwrap().unwrap().id;
    let other = create(&connection, &new("x")).unwrap().unwrap().id;
    for seq in 0..3 {
        append(&connection, &flush(worker, seq)).unwrap();
        append(&connection, &flush(other, seq)).unwrap();
    }
    let first = Flush {
        is_first: true,
        ..flush(worker, 3)
    };
    append(&connection, &first).unwrap();
    append(&connection, &flush(worker, 4)).unwrap();
    let rows = read(&connection, worker).unwrap();
    assert_eq!((rows.first, rows.rows.len()), (3, 2));
    assert_eq!(read(&connection, other).unwrap().rows.len(), 3);
}

/// A name is created once.
#[test]
fn worker_created_twice_is_one() {
    let connection = database();
    assert!(create(&connection, &new("w")).unwrap().is_some());
    assert!(create(&connection, &new("w")).unwrap().is_none());
}

/// Workers with something to do are found at the next start; those that were interrupted are not.
#[test]
fn unfinished_workers_are_found() {
    let connection = database();
    let ids: Vec<i64> = ["a", "b", "c", "d"]
        .iter()
        .map(|name| create(&connection, &new(name)).unwrap().unwrap().id)
        .collect();
    let row = QueueRow {
        number: 0,
        key: "k".to_owned(),
        function: "f".to_owned(),
        params: "[]".to_owned(),
    };
    enqueue(&connection, ids[0], &row).unwrap();
    set_state(&connection, ids[1], StoredState::Running, None).unwrap();
    set_state(&connection, ids[2], StoredState::Interrupted, None).unwrap();
    enqueue(&connection, ids[2], &row).unwrap();
    let found: Vec<String> = unfinished(&connection)
        .unwrap()
        .into_iter()
        .map(|(_, name)| name)
        .collect();
    assert_eq!(found, ["a", "b"]);
}
