//! What a journal is made of.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::texts::Texts;

/// The first byte of a row: the format of what follows.
const FORMAT: u8 = 1;

/// The length of what precedes the entries of a row.
pub(super) const HEADER: usize = 1;

/// Something that a worker began, ended, or got from outside. New variants only ever come last: their
/// number is what is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum JournalEntry {
    /// An invocation has begun.
    Start {
        key: String,
        function: String,
        /// A JSON array of untyped parameters.
        params: String,
        /// In milliseconds since 1970.
        at: i64,
    },
    End(InvocationOutcome),
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
        answer: RequestOutcome,
    },
    /// An invocation has begun whose function the journal has. Only in rows: reading one gives a
    /// [`Start`](Self::Start).
    Repeated {
        key: Key,
        /// Its number in [`Texts`].
        function: u32,
        params: String,
        at: i64,
    },
    /// An invocation has ended, and its outcome is kept by its key.
    Ended {
        hash: u64,
    },
    /// The component has saved itself, and a new instance begins to load that. Everything before was deleted but what
    /// the new instance did to begin with.
    Snapshot(Snapshot),
    /// It has loaded that.
    Loaded,
}

/// What a component has saved of itself, and what the host knows of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) state: Vec<u8>,
    /// How many requests were begun.
    pub(crate) begun: u32,
    /// The last value of the worker's clock, in nanoseconds.
    pub(crate) clock: u64,
    /// The number of the next resource.
    pub(crate) resources: u64,
}

/// A key of an invocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Key {
    /// In the usual form.
    Uuid([u8; 16]),
    Text(String),
}

/// The outcome of an invocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum InvocationOutcome {
    /// Both are JSON.
    Returned { typ: String, value: String },
    /// It trapped, or ran into a limit. The worker is over.
    Failed(String),
    /// The guest called `exit`. The worker is over.
    Exited,
    /// It could not be called. The worker is as before.
    Refused(String),
}

/// The outcome of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum RequestOutcome {
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

/// Adds an entry to a row. What the journal has already is written as a number.
pub(super) fn write(row: &mut Vec<u8>, entry: &JournalEntry, texts: &mut Texts) {
    if row.is_empty() {
        row.push(FORMAT);
    }
    let repeated = match entry {
        JournalEntry::Start {
            key,
            function,
            params,
            at,
        } => {
            let known = texts.number(function);
            texts.note(function);
            known.map(|function| JournalEntry::Repeated {
                key: Key::of(key),
                function,
                params: params.clone(),
                at: *at,
            })
        }
        _ => None,
    };
    // It fails for types without a known length only, which an entry does not have.
    if let Ok(bytes) = postcard::to_stdvec(repeated.as_ref().unwrap_or(entry)) {
        row.extend_from_slice(&bytes);
    }
}

/// Decodes the first entry of what follows the header of a row, and returns its length.
pub(super) fn take(bytes: &[u8], texts: &mut Texts) -> Result<(JournalEntry, usize), String> {
    let taken = postcard::take_from_bytes(bytes).map_err(|error| error.to_string());
    let (entry, rest) = taken?;
    let entry = match entry {
        JournalEntry::Repeated {
            key,
            function,
            params,
            at,
        } => {
            let text = texts.text(function);
            let text = text.ok_or_else(|| format!("it has no function with number {function}"))?;
            JournalEntry::Start {
                key: key.text(),
                function: text.to_owned(),
                params,
                at,
            }
        }
        entry => {
            if let JournalEntry::Start { function, .. } = &entry {
                texts.note(function);
            }
            entry
        }
    };
    Ok((entry, bytes.len() - rest.len()))
}

/// Reads the entries of rows. Returns the texts that they have in full.
pub(super) fn read(
    rows: &[Vec<u8>],
    mut each: impl FnMut(JournalEntry),
) -> Result<Texts, UnreadableRow> {
    let mut texts = Texts::default();
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
            let (entry, length) = take(rest, &mut texts).map_err(unreadable)?;
            each(entry);
            rest = rest.get(length..).unwrap_or_default();
        }
    }
    Ok(texts)
}

impl Key {
    fn of(text: &str) -> Self {
        match Uuid::try_parse(text) {
            Ok(id) if id.to_string() == text => Self::Uuid(id.into_bytes()),
            _ => Self::Text(text.to_owned()),
        }
    }

    fn text(self) -> String {
        match self {
            Self::Uuid(bytes) => Uuid::from_bytes(bytes).to_string(),
            Self::Text(text) => text,
        }
    }
}

impl InvocationOutcome {
    /// Stands for it, in every release.
    pub(crate) fn hash(&self) -> u64 {
        let hash = Sha256::digest(self.to_bytes());
        hash.first_chunk()
            .map_or(0, |first| u64::from_le_bytes(*first))
    }

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
mod tests;
