use super::*;

fn all(rows: &[Vec<u8>]) -> Result<Vec<JournalEntry>, UnreadableRow> {
    let mut entries = Vec::new();
    read(rows, |entry| entries.push(entry)).map(|_| entries)
}

/// A further call of a function takes a few bytes, also in a later row. These bytes never change either.
#[test]
fn repeated_call_is_short() {
    let start = |key: &str, at| JournalEntry::Start {
        key: key.to_owned(),
        function: "interface.{function}".to_owned(),
        params: "[]".to_owned(),
        at,
    };
    let entries = [
        start("a", 0),
        start("67e55044-10b1-426f-9247-bb680e5fe0c8", 1),
        start("b", 2),
        JournalEntry::Ended { hash: 300 },
    ];
    let (mut rows, mut texts) = (vec![Vec::new(), Vec::new()], Texts::default());
    write(&mut rows[0], &entries[0], &mut texts);
    for entry in &entries[1..] {
        write(&mut rows[1], entry, &mut texts);
    }
    let stored = [
        1, 12, 0, 0x67, 0xe5, 0x50, 0x44, 0x10, 0xb1, 0x42, 0x6f, 0x92, 0x47, 0xbb, 0x68, 0x0e,
        0x5f, 0xe0, 0xc8, 0, 2, b'[', b']', 2, 12, 1, 1, b'b', 0, 2, b'[', b']', 4, 13, 172, 2,
    ];
    assert_eq!(rows[1], stored);
    assert_eq!(all(&rows).unwrap(), entries);
    // Keys come back letter by letter.
    assert_eq!(
        Key::of("67E55044-10b1-426f-9247-bb680e5fe0c8").text(),
        "67E55044-10b1-426f-9247-bb680e5fe0c8"
    );
}

/// Rows that this release wrote are read by every later one: these bytes never change.
#[test]
fn stored_row_is_read() {
    let entries = [
        JournalEntry::Start {
            key: "k".to_owned(),
            function: "f".to_owned(),
            params: "[1]".to_owned(),
            at: -1,
        },
        JournalEntry::WallClock {
            seconds: 300,
            nanoseconds: 1,
        },
        JournalEntry::Done {
            number: 3,
            answer: RequestOutcome::Response {
                status: 200,
                headers: vec![("a".to_owned(), vec![98])],
                body: vec![7],
            },
        },
        JournalEntry::End(InvocationOutcome::Returned {
            typ: "{}".to_owned(),
            value: "[]".to_owned(),
        }),
    ];
    let (mut row, mut texts) = (Vec::new(), Texts::default());
    let mut add = |entry| write(&mut row, entry, &mut texts);
    entries.iter().for_each(&mut add);
    let stored = [
        1, 0, 1, b'k', 1, b'f', 3, b'[', b'1', b']', 1, 2, 172, 2, 1, 11, 3, 0, 200, 1, 1, 1, b'a',
        1, b'b', 1, 7, 1, 0, 2, b'{', b'}', 2, b'[', b']',
    ];
    assert_eq!(row, stored);
    assert_eq!(all(&[row]).unwrap(), entries);
}

/// A row of a newer release is refused and named, and one that was cut is not taken for a shorter one.
#[test]
fn unreadable_row_is_named() {
    let error = all(&[vec![1], vec![9, 0]]).unwrap_err().to_string();
    assert!(
        error.contains("row 1") && error.contains("format 9"),
        "{error}"
    );
    assert!(all(&[vec![1, 0, 1, b'k', 1]]).is_err());
    assert!(all(&[vec![1, 12, 1, 1, b'k', 0, 0, 0]]).is_err());
}

#[test]
fn outcome_is_read_back() {
    let outcome = InvocationOutcome::Failed("why".to_owned());
    assert_eq!(
        InvocationOutcome::from_bytes(&outcome.to_bytes()),
        Some(outcome)
    );
    assert_eq!(InvocationOutcome::from_bytes(&[7]), None);
}
