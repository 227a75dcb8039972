//! What is still to be run through of a journal. Its rows stay as they are stored, and each entry is decoded when
//! it is asked for: decoded, they would take several times as much memory.

use std::collections::HashMap;

use super::entry::{self, JournalEntry, RequestOutcome, UnreadableRow};
use super::texts::Texts;

/// The recorded entries, without the answers to requests.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    rows: std::vec::IntoIter<Vec<u8>>,
    row: Vec<u8>,
    /// Where the next entry is in the row.
    at: usize,
    /// How many entries are left.
    left: u64,
    front: Option<JournalEntry>,
    texts: Texts,
}

/// What a journal has.
pub(super) struct Contents {
    pub(super) recorded: Recorded,
    /// By the numbers of their requests.
    pub(super) answers: HashMap<u32, RequestOutcome>,
    /// All texts that it has in full.
    pub(super) texts: Texts,
    /// Whether it begins with a snapshot.
    pub(super) has_snapshot: bool,
}

impl Recorded {
    /// Reads all rows once, so that none turns out to be unreadable later.
    pub(super) fn read(rows: Vec<Vec<u8>>) -> Result<Contents, UnreadableRow> {
        let (mut answers, mut left, mut has_snapshot) = (HashMap::new(), 0, false);
        let texts = entry::read(&rows, |entry| match entry {
            JournalEntry::Done { number, answer } => {
                answers.insert(number, answer);
            }
            entry => {
                has_snapshot |= matches!(entry, JournalEntry::Snapshot(_));
                left += 1;
            }
        })?;
        let recorded = Self {
            rows: rows.into_iter(),
            row: Vec::new(),
            at: 0,
            left,
            front: None,
            texts: Texts::default(),
        };
        Ok(Contents {
            recorded,
            answers,
            texts,
            has_snapshot,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// The next entry, which stays.
    pub(super) fn front(&mut self) -> Option<&JournalEntry> {
        if self.front.is_none() {
            self.front = self.decode();
        }
        self.front.as_ref()
    }

    pub(super) fn pop(&mut self) -> Option<JournalEntry> {
        let next = self.front.take().or_else(|| self.decode())?;
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            // Answers may follow, which were read before.
            self.rows = Vec::new().into_iter();
            self.row = Vec::new();
        }
        Some(next)
    }

    fn decode(&mut self) -> Option<JournalEntry> {
        if self.left == 0 {
            return None;
        }
        loop {
            let rest = self.row.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                self.row = self.rows.next()?;
                self.at = entry::HEADER;
                continue;
            }
            // All rows were readable before.
            let (entry, length) = entry::take(rest, &mut self.texts).ok()?;
            self.at += length;
            if !matches!(entry, JournalEntry::Done { .. }) {
                return Some(entry);
            }
        }
    }
}
