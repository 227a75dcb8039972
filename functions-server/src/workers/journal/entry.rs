//! What a journal is made of.

use serde::{Deserialize, Serialize};

/// The first byte of a row: the format of what follows.
const FORMAT: u8 = 1;

/// Something that a worker began, ended, or got from outside. New variants only ever come last: their
/// number is what is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Entry {
    /// An invocation has begun.
    Start {
        key: String,
        function: String,
        /// A JSON array of untyped parameters.
        params: String,
        /// In milliseconds since 1970.
        at: i64,
    },
    End(Outcome),
    WallClock {
        seconds: u64,
        nanoseconds: u32,
    },
    /// The worker's clock, in nanoseconds.
    Monotonic(u64),
    Bytes(Vec<u8>),
    Number(u64),
    Seed(u64, u64),
    /// The indices of a list of pollables that were ready.
    Poll(Vec<u32>),
    Ready(bool),
    /// How many bytes a stream takes; `None`: it is closed.
    CheckWrite(Option<u64>),
    /// A request or call was begun, in the guest's order.
    Begin {
        number: u32,
        /// Of its head.
        hash: u64,
    },
    /// What came of it, when it came.
    Done {
        number: u32,
        answer: Answer,
    },
}

/// What came of an invocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// Both are JSON.
    Returned { typ: String, value: String },
    /// It trapped, or ran into a limit. The worker is over.
    Failed(String),
    /// The guest called `exit`. The worker is over.
    Exited,
    /// It could not be called. The worker is as before.
    Refused(String),
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Response {
        status: u16,
        headers: Vec<(String, Vec<u8>)>,
        body: Vec<u8>,
    },
    /// There is no response: a word for the kind, and a text.
    Failed(String, String),
}

/// A row of the journal cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("row {row} of the journal cannot be read: {reason}")]
pub(crate) struct UnreadableRow {
    row: usize,
    reason: String,
}

/// Adds an entry to a row.
pub(super) fn write(row: &mut Vec<u8>, entry: &Entry) {
    if row.is_empty() {
        row.push(FORMAT);
    }
    // It fails for types without a known length only, which an entry does not have.
    if let Ok(bytes) = postcard::to_stdvec(entry) {
        row.extend_from_slice(&bytes);
    }
}

/// Reads the entries of rows.
pub(super) fn read(rows: &[Vec<u8>]) -> Result<Vec<Entry>, UnreadableRow> {
    let mut entries = Vec::new();
    for (row, bytes) in rows.iter().enumerate() {
        let unreadable = |reason: String| UnreadableRow { row, reason };
        let mut rest = match bytes.split_first() {
            Some((&FORMAT, rest)) => rest,
            Some((format, _)) => {
                let reason = format!(
                    "it has format {format}, and this release reads {FORMAT}; use the release that wrote it"
                );
                return Err(unreadable(reason));
            }
            None => continue,
        };
        while !rest.is_empty() {
            let (entry, after) =
                postcard::take_from_bytes(rest).map_err(|error| unreadable(error.to_string()))?;
            entries.push(entry);
            rest = after;
        }
    }
    Ok(entries)
}

impl Outcome {
    /// As it is kept beside the journal, by key.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        bytes.extend(postcard::to_stdvec(self).unwrap_or_default());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first() {
            Some((&FORMAT, rest)) => postcard::from_bytes(rest).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that this release wrote are read by every later one: these bytes never change.
    #[test]
    fn stored_row_is_read() {
        let entries = [
            Entry::Start {
                key: "k".to_owned(),
                function: "f".to_owned(),
                params: "[1]".to_owned(),
                at: -1,
            },
            Entry::WallClock {
                seconds: 300,
                nanoseconds: 1,
            },
            Entry::Done {
                number: 3,
                answer: Answer::Response {
                    status: 200,
                    headers: vec![("a".to_owned(), vec![98])],
                    body: vec![7],
                },
            },
            Entry::End(Outcome::Returned {
                typ: "{}".to_owned(),
                value: "[]".to_owned(),
            }),
        ];
        let mut row = Vec::new();
        entries.iter().for_each(|entry| write(&mut row, entry));
        let stored = [
            1, 0, 1, b'k', 1, b'f', 3, b'[', b'1', b']', 1, 2, 172, 2, 1, 11, 3, 0, 200, 1, 1, 1,
            b'a', 1, b'b', 1, 7, 1, 0, 2, b'{', b'}', 2, b'[', b']',
        ];
        assert_eq!(row, stored);
        assert_eq!(read(&[row]).unwrap(), entries);
    }

    /// A row of a newer release is refused and named, and one that was cut is not taken for a shorter one.
    #[test]
    fn unreadable_row_is_named() {
        let error = read(&[vec![1], vec![9, 0]]).unwrap_err().to_string();
        assert!(
            error.contains("row 1") && error.contains("format 9"),
            "{error}"
        );
        assert!(read(&[vec![1, 0, 1, b'k', 1]]).is_err());
    }

    #[test]
    fn outcome_is_read_back() {
        let outcome = Outcome::Failed("why".to_owned());
        assert_eq!(Outcome::from_bytes(&outcome.to_bytes()), Some(outcome));
        assert_eq!(Outcome::from_bytes(&[7]), None);
    }
}
