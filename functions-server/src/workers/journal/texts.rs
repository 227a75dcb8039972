//! The names of functions that a journal has written once.

use std::collections::HashMap;

/// How many are remembered.
const MAX_TEXTS: usize = 4096;

/// The longest that is remembered, in bytes.
const MAX_LENGTH: usize = 1024;

/// Numbers texts in the order in which a journal has them first. A reader of a journal gets the same numbers as its
/// writer did, so remembered texts never change.
#[derive(Debug, Default)]
pub(super) struct Texts {
    texts: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Texts {
    /// A text was written or read in full.
    pub(super) fn note(&mut self, text: &str) {
        let has_room = self.texts.len() < MAX_TEXTS && text.len() <= MAX_LENGTH;
        if !has_room || self.numbers.contains_key(text) {
            return;
        }
        if let Ok(number) = u32::try_from(self.texts.len()) {
            self.numbers.insert(text.to_owned(), number);
            self.texts.push(text.to_owned());
        }
    }

    pub(super) fn number(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    pub(super) fn text(&self, number: u32) -> Option<&str> {
        let text = self.texts.get(usize::try_from(number).ok()?)?;
        Some(text)
    }
}
